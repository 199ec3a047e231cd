"""The processes that train one run together: which of them this one is, and what they tell each other.

`torchrun` starts them and says in the environment who they are. The first one alone writes into the run folder; what
it decides by clock, disk or wish is told to the others, so that all do the same at the same step.
"""

import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.words import Words, mark
from workbench.inference.order import Share
from workbench.networks.layers import norms_over_batches
from workbench.training.devices import chosen_device
from workbench.training.meeting import store_of_this_start

Value = TypeVar("Value")
_PATIENCE = timedelta(hours=6)  # for each other: the first may decode a large data set; who dies is noticed at once
_SECONDS = 0.25  # between two meetings
_MOST = 1024  # steps between two meetings
LOST = mark("Another process of this training was lost, and it cannot go on without it.")


class Lost(UserError):
    """Another process of the training is gone, and this one cannot go on without it."""


@dataclass(frozen=True)
class Group:
    """Processes numbered from 0, of which this is `rank`; `local_rank` of those on this machine.

    restarts: how often they may still be started again when one of them dies.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    restarts: int = 0
    is_restarted: bool = False

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    @property
    def share(self) -> Share:
        """Which part of every batch is this process's."""
        return self.rank, self.size

    def device(self, name: str) -> torch.device:
        """Return what this process computes on: of several GPUs, the one with its number on this machine.

        Raises UserError when there are fewer GPUs than processes.
        """
        device = chosen_device(name)
        if self.size == 1 or device.type == "cpu":
            return device
        if device.type != "cuda":
            raise UserError(
                "Several processes train together on NVIDIA GPUs or on CPUs, and not on {device}.",
                hint="Choose cpu as the device, or one process.",
                device=str(device),
            )
        if torch.cuda.device_count() < self.local_size:
            raise UserError(
                "{processes} processes want a GPU each, and this machine has {count}.",
                hint="Take as many processes as there are GPUs, or cpu as the device.",
                processes=self.local_size,
                count=torch.cuda.device_count(),
            )
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    def agreed(self, value: Value) -> Value:
        """Return what the first process has here; all must ask."""
        if self.size == 1:
            return value
        told = [value]
        with _heard():
            dist.broadcast_object_list(told, src=0)
        return told[0]

    def first(self, find: Callable[[], Value]) -> Value:
        """Return what `find` gives in the first process, or raise its UserError everywhere."""
        if self.size == 1:
            return find()
        found: tuple[Any, dict[str, Any]] = None, {}
        if self.is_first:
            try:
                found = find(), {}
            except UserError as error:
                self.agreed((None, error.to_plain()))
                raise
        value, refused = self.agreed(found)
        if refused:
            raise UserError.from_plain(refused)
        return value

    def in_turns(self, work: Callable[[], Value]) -> Value:
        """Return what `work` gives: the first process does it alone, then one on each other machine, then the rest.

        What one of them has put into a cache the others find there.
        """
        turn = 0 if self.is_first else 1 if self.local_rank == 0 else 2
        for _ in range(turn):
            self.wait()
        found = work()
        for _ in range(turn, 3):
            self.wait()
        return found

    def wait(self) -> None:
        """Return once all have asked this."""
        if self.size > 1:
            self.total(torch.zeros(1))

    def total(self, tensor: Tensor) -> Tensor:
        """Return the sum of all processes' tensors, on their devices and without waiting for these."""
        if self.size > 1:
            tensor = tensor.clone()
            with _heard():
                dist.all_reduce(tensor)
        return tensor

    def summed(self, totals: Mapping[str, Tensor], count: int) -> tuple[dict[str, Tensor], int]:
        """Return the sums of what each process has under each name, if anything, and of the counts; on the CPU."""
        if self.size == 1:
            return dict(totals), count
        here = {name: value.cpu() for name, value in totals.items()}, count
        everywhere: list[Any] = [None] * self.size
        with _heard():
            dist.all_gather_object(everywhere, here)
        found: dict[str, Tensor] = {}
        for parts, _ in everywhere:
            found = {**found, **{name: found[name] + part if name in found else part for name, part in parts.items()}}
        return found, sum(number for _, number in everywhere)

    def require_same(self, facts: object) -> None:
        """Raise UserError everywhere unless these facts about the data are the same in every process."""
        if self.size == 1:
            return
        everywhere: list[Any] = [None] * self.size
        with _heard():
            dist.all_gather_object(everywhere, pickle.dumps(facts))
        other = next((rank for rank, there in enumerate(everywhere) if there != everywhere[0]), 0)
        if other:
            raise UserError(
                "Process {rank} sees other data than the first one.",
                hint="Put the data on a disk that all machines share, or the very same copy on each.",
                rank=other,
            )

    def own_log(self, attempt: Path) -> None:
        """Let what this process prints go into a file of its own beside the attempt's events; not the first one's."""
        if self.is_first:
            return
        handle = os.open(attempt / f"rank-{self.rank}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for stream, target in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            os.dup2(handle, target)
        os.close(handle)


ALONE = Group()


class Pace:
    """After how many steps the processes meet next: a count, since their clocks differ; the first one adapts it."""

    def __init__(self) -> None:
        self._every = self._since = 1
        self._met = time.monotonic()

    def is_due(self) -> bool:
        """Count a step, and return whether all meet after it."""
        self._since += 1
        return self._since > self._every

    def proposed(self) -> int:
        """Return after how many steps to meet next, by this process's clock: no more than twice as many as before."""
        seconds = max(time.monotonic() - self._met, 1e-6)
        return max(1, min(int(self._every * _SECONDS / seconds), 2 * self._every, _MOST))

    def meet_after(self, steps: int) -> None:
        """Begin to count anew, up to so many steps."""
        self._every, self._since, self._met = steps, 1, time.monotonic()


@contextmanager
def joined() -> Iterator[Group]:
    """Meet the other processes that `torchrun` has started with this one, for as long as this lasts."""
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    begun = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
    group = Group(
        rank,
        size,
        int(os.environ.get("LOCAL_RANK", rank)),
        int(os.environ.get("LOCAL_WORLD_SIZE", size)),
        restarts=max(int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", 0)) - begun, 0),
        is_restarted=begun > 0,
    )
    if size == 1:
        yield group
        return
    with _heard():
        # What lies on a GPU goes through NCCL, and what lies on the CPU through gloo: decisions never wait for a GPU.
        kinds = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        store = store_of_this_start(rank, size)
        dist.init_process_group(kinds, store=store, rank=rank, world_size=size, timeout=_PATIENCE)
    try:
        yield group
    finally:
        dist.destroy_process_group()


@contextmanager
def _heard() -> Iterator[None]:
    """Raise Lost in place of what torch says when a process cannot be reached."""
    try:
        yield
    except RuntimeError as error:
        if not is_lost(error):
            raise
        raise lost(error) from error


def is_lost(error: BaseException) -> bool:
    """Return whether an error of torch's says that another process cannot be reached."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error))


def lost(error: BaseException) -> Lost:
    """Return in words that another process is gone."""
    return Lost(
        LOST,
        hint="Resume the run: it goes on from its last checkpoint. What that process wrote is in the attempt's folder.",
        details=f"{type(error).__name__}: {error}",
    )


def same_numbers(network: nn.Module, group: Group) -> None:
    """Give every process the first one's buffers, such as running means, before the network is judged."""
    if group.size > 1:
        with torch.no_grad(), _heard():
            for buffer in network.buffers():
                dist.broadcast(buffer, src=0)


def about_normalization(network: nn.Module, device: torch.device, group: Group) -> Words | None:
    """Return what there is to say of normalization over a batch of which each process sees its part, or None."""
    if group.size == 1 or device.type == "cuda":
        return None
    if not norms_over_batches(network):
        return None
    return Words(
        "Batch normalization sees a part of each batch in each of {count} processes, so the result is not quite the "
        "same as with one. On GPUs they would share it.",
        {"count": group.size},
    )
