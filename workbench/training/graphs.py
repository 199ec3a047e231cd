"""Whole steps recorded once as CUDA graphs and replayed, so that the device waits for no Python between its kernels.

Whatever differs from step to step lies at a fixed place: inputs are copied to where the recorded step reads them, and
it reads the learning rates, adds up totals and writes its results where they always are.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from workbench.networks.recording import CudaRecorder, Record
from workbench.training.sums import Sums

log = logging.getLogger("workbench")
KINDS = ("sgd", "adam", "adamw", "muon")  # of optimizers that take their learning rate from the device
BEFORE = 3  # steps of a shape that are taken as usual, in which kernels are chosen and moments made
_MOST = 8  # shapes that are recorded: texts have several lengths


@dataclass(frozen=True)
class Ready:
    """A batch as the network takes it.

    goals: what the loss compares with. judged: what metrics compare with, often the same tensor. is_plain: whether the
    loss is the task's own, without weights and smoothing.
    """

    inputs: Tensor
    goals: Tensor
    judged: Tensor
    is_plain: bool

    def shape(self) -> tuple[Any, ...]:
        """Return what two batches have in common that one recorded step can serve."""
        parts = [self.inputs, self.goals, *([] if self.judged is self.goals else [self.judged])]
        return self.is_plain, *((part.shape, part.stride(), part.dtype) for part in parts)

    def piece(self, rows: slice) -> "Ready":
        """Return some of the samples."""
        goals = self.goals[rows]
        judged = goals if self.judged is self.goals else self.judged[rows]
        return replace(self, inputs=self.inputs[rows], goals=goals, judged=judged)

    def clone(self) -> "Ready":
        """Return a copy with memory of its own, which lies the same way."""
        goals = self.goals.clone()
        judged = goals if self.judged is self.goals else self.judged.clone()
        return replace(self, inputs=self.inputs.clone(), goals=goals, judged=judged)

    def copy_(self, other: "Ready") -> None:
        """Take over the values of another batch of this shape."""
        self.inputs.copy_(other.inputs)
        self.goals.copy_(other.goals)
        if self.judged is not self.goals:
            self.judged.copy_(other.judged)


@dataclass(frozen=True)
class Computed:
    """What a step came to: its mean loss (), the gradient's norm if it is clipped, and over how many things it is."""

    loss: Tensor
    norm: Tensor | None
    count: int | Tensor


class Graphs:
    """The recorded steps of one optimizer, one for each shape of batch that comes often."""

    def __init__(self, optimizer: Optimizer, rates: list[float], device: torch.device, record: Record | None = None):
        """rates: of the parameter groups, before the schedule. record: returns what repeats a function's work."""
        self._optimizer = optimizer
        self._whole = torch.tensor(rates, device=device)
        self._rates = self._whole.clone()
        self._places = self._rates.unbind()
        self._given = record
        self._record = record or CudaRecorder()
        self._totals: dict[str, Tensor] = {}
        self._recorded: dict[tuple[Any, ...], _Recorded] = {}
        self._seen: dict[tuple[Any, ...], int] = {}
        self._is_possible = True

    def set_rates(self, factor: float) -> None:
        """Let the optimizer step at its rates times `factor`."""
        if self._optimizer.param_groups[0]["lr"] is not self._places[0]:  # at first, and once a checkpoint was loaded
            for group, place in zip(self._optimizer.param_groups, self._places, strict=True):
                group["lr"] = place
        torch.mul(self._whole, factor, out=self._rates)

    def replayed(self, batch: Ready, sums: Sums, work: Callable[[Ready], Computed]) -> Computed | None:
        """Do `work`, a whole step, on the batch by replaying it, or return None where it is not recorded.

        work: adds to `sums` in place. What is returned is overwritten by the next step.
        """
        shape = batch.shape()
        if shape not in self._recorded and not self._is_recorded_now(shape, batch, sums, work):
            return None
        sums.add_from(self._totals)
        return self._recorded[shape].replay(batch)

    def forget(self) -> None:
        """Record anew: the optimizer's moments lie elsewhere now."""
        self._recorded, self._seen = {}, {}
        self._record = self._given or CudaRecorder()  # memory that recordings shared is gone with the last of them

    def holds_memory(self) -> bool:
        """Whether anything was recorded."""
        return bool(self._recorded)

    def _is_recorded_now(
        self, shape: tuple[Any, ...], batch: Ready, sums: Sums, work: Callable[[Ready], Computed]
    ) -> bool:
        """Record the step if batches of its shape came often enough; whether it could be."""
        self._seen[shape] = seen = self._seen.get(shape, 0) + 1
        if not self._is_possible or seen <= BEFORE or len(self._recorded) == _MOST:
            return False
        self._totals = self._totals or sums.zeros()
        sums.add_from(self._totals)
        try:
            with _capturable(self._optimizer):
                self._recorded[shape] = _Recorded(batch.clone(), work, self._record)
        except RuntimeError as error:
            log.warning("Steps are not recorded as CUDA graphs: %s", error)
            self._is_possible = False
        return self._is_possible


class _Recorded:
    """One step that can be replayed."""

    def __init__(self, batch: Ready, work: Callable[[Ready], Computed], record: Record) -> None:
        self._batch = batch
        self._found: Computed | None = None

        def once() -> None:
            self._found = work(batch)

        self._again = record(once)

    def replay(self, batch: Ready) -> Computed:
        self._batch.copy_(batch)
        self._again()
        assert self._found is not None
        return self._found


@contextmanager
def _capturable(optimizer: Optimizer) -> Iterator[None]:
    """Tell an optimizer of torch's that its step is recorded; its fused kernel is the same one anyway."""
    groups = [group for group in optimizer.param_groups if "capturable" in group]
    for group in groups:
        group["capturable"] = True
    try:
        yield
    finally:
        for group in groups:
            group["capturable"] = False
