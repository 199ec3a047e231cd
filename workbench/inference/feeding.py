"""From a split to batches on the device, without a Python call per sample.

A split that fits is one tensor on the device, and a batch is one indexing operation. One that does not is read from
its memory-mapped cache by a thread that stays a few batches ahead.
"""

import queue
import threading
import traceback
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.data.dataset import Split
from workbench.data.preprocessing import ImagePreprocessing, Preprocessing
from workbench.data.text_preprocessing import PADDING
from workbench.inference.order import WHOLE, Share, Sizes, by_length, epoch_order, mixed, portions
from workbench.inference.streams import StreamFeed, stream_of
from workbench.inference.windows import WindowFeed
from workbench.tasks import Task

_AHEAD = 4  # batches read before they are needed
_SHARE = 0.3  # of the free memory that a resident split may take
_AT_ONCE = 2**21  # numbers of small batches that are picked out together: one large operation for many small ones
_MOST_AT_ONCE = 64  # batches of them
_TOKENS = 8  # texts are cut to a multiple of it


@dataclass(frozen=True)
class RowFeed:
    """One split of single samples, ready to be indexed.

    inputs: images (N, C, H, W) or (N, H, W, C) uint8 as `nhwc` says, token ids (N, length) int32, rows of a table
    (N, columns) or series (N, T, channels) float32. targets: (N,) int64 or (N, …), on the device. Both are None when
    the split is read from its cache as needed. share: of every batch, which is all that is read of it.
    """

    split: Split
    preprocessing: Preprocessing
    device: torch.device
    inputs: Tensor | None
    targets: Tensor | None
    nhwc: bool
    lengths: Tensor | None = None
    grouped: int = 0
    share: Share = WHOLE

    def __len__(self) -> int:
        return len(self.split)

    def order(self, seed: int, epoch: int) -> Tensor:
        """Return the order (N,) of an epoch, counted from 0."""
        order = epoch_order(len(self), seed, epoch)
        if self.lengths is None or not self.grouped:
            return order
        return by_length(order, self.lengths, self.grouped, mixed(seed, epoch, 3))

    def in_order(self) -> Tensor:
        """Return the order (N,) in which the samples lie."""
        return torch.arange(len(self))

    def batches(
        self, order: Tensor, batch_size: Sizes, start: int = 0, *, made_ready: bool = False
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (inputs, targets) of the samples that `order` (N,) names, from batch `start` on.

        inputs: as they lie in the data, but images (n, C, H, W); `ready` makes them what a network takes, unless they
        are `made_ready` here.
        """
        if self.inputs is not None and self.targets is not None:
            yield from self._resident(self.inputs, self.targets, order, batch_size, start, made_ready)
            return
        with closing(self._read_ahead(portions(order, batch_size, self.share)[start:])) as read:
            for inputs, targets in read:
                there = inputs.to(self.device, non_blocking=True), targets.to(self.device, non_blocking=True)
                some = self._planes_first(there[0])
                yield self.ready(some) if made_ready else some, there[1]

    def _resident(
        self, inputs: Tensor, targets: Tensor, order: Tensor, batch_size: Sizes, start: int, made_ready: bool
    ) -> Iterator[tuple[Tensor, Tensor]]:
        # The whole order goes to the device at once: a small copy for each batch would wait for the steps before.
        cut = portions(order.to(self.device), batch_size, self.share)[start:]
        longest = self._longest(order, batch_size, start)
        largest = batch_size if isinstance(batch_size, int) else max(batch_size, default=1)
        together = max(1, min(_MOST_AT_ONCE, _AT_ONCE // max(1, largest * inputs[0].numel())))
        for begin in range(0, len(cut), together):
            some = cut[begin : begin + together]
            rows = torch.cat(some) if len(some) > 1 else some[0]
            picked = self._planes_first(inputs.index_select(0, rows))
            sizes = [len(part) for part in some]
            ready = (self.ready(picked) if made_ready else picked).split(sizes)
            if longest is not None:
                ready = [part[:, :length] for part, length in zip(ready, longest[begin:], strict=False)]
            yield from zip(ready, targets.index_select(0, rows).split(sizes), strict=True)

    def _longest(self, order: Tensor, batch_size: Sizes, start: int) -> list[int] | None:
        """Return how many tokens of each batch are kept, in a few different numbers; None is all."""
        if self.lengths is None:
            return None
        cut = portions(order, batch_size, self.share)[start:]
        longest = [int(self.lengths[rows].max()) if len(rows) else 0 for rows in cut]
        return [max(-(-length // _TOKENS) * _TOKENS, _TOKENS) for length in longest]

    def ready(self, inputs: Tensor) -> Tensor:
        """Return what a network takes: images (n, C, H, W) float32 with mean 0 and deviation 1, ids as int64, …"""
        if isinstance(self.preprocessing, ImagePreprocessing):
            return self.preprocessing.normalised(inputs)
        return self.preprocessing.tensor(inputs)

    def _unreadable(self, rows: np.ndarray, error: Exception) -> UserError:
        """Return the error that names the first of these samples which cannot be read alone."""
        culprit = next((int(row) for row in rows if not self._is_readable(row)), int(rows[0]))
        return UserError(
            "The sample {sample} could not be read: {reason}.",
            hint="Mend or leave out this sample, then resume the run. The details say where it happened.",
            details="".join(traceback.format_exception(error)),
            sample=str(self.split.names[culprit]),
            reason=f"{type(error).__name__}: {error}".rstrip(". "),
        )

    def _is_readable(self, row: np.integer) -> bool:
        try:
            self.split.rows(np.array([row]))
        except Exception:  # noqa: BLE001 - which sample it is, is all that is asked here
            return False
        return True

    def _planes_first(self, inputs: Tensor) -> Tensor:
        return inputs.permute(0, 3, 1, 2) if self.nhwc else inputs  # the memory stays as it is: channels last for free

    def _read_ahead(self, places: list[Tensor]) -> Generator[tuple[Tensor, Tensor], None, None]:
        ready: queue.Queue[tuple[Tensor, Tensor] | BaseException | None] = queue.Queue(_AHEAD)
        stop = threading.Event()

        def put(item: tuple[Tensor, Tensor] | BaseException | None) -> None:
            while not stop.is_set():
                with suppress(queue.Full):
                    ready.put(item, timeout=0.1)
                    return

        def read() -> None:
            try:
                for rows in places:
                    if stop.is_set():
                        return
                    put(self._read(rows.numpy()))
                put(None)
            except BaseException as error:  # noqa: BLE001 - handed over and raised where the batches are wanted
                put(error)

        reader = threading.Thread(target=read, name="reader", daemon=True)
        reader.start()
        try:
            while (item := ready.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stop.set()
            reader.join()

    def _read(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of some samples from where they lie, ready to be sent to the device."""
        try:
            inputs, targets = torch.from_numpy(self.split.rows(rows)), torch.from_numpy(self.split.targets[rows])
        except (UserError, OSError, MemoryError):
            raise
        except Exception as error:  # whatever a kind of data raises, the sample is named
            raise self._unreadable(rows, error) from error
        if isinstance(self.preprocessing, ImagePreprocessing) and not self.nhwc:
            inputs = inputs.permute(0, 3, 1, 2).contiguous()
        return (inputs.pin_memory(), targets.pin_memory()) if self.device.type == "cuda" else (inputs, targets)


Feed = RowFeed | StreamFeed | WindowFeed


def feed(
    split: Split,
    preprocessing: Preprocessing,
    task: Task,
    device: torch.device,
    *,
    channels_last: bool = False,
    trimmed: bool = False,
    grouped: int = 0,
    share: Share = WHOLE,
) -> Feed:
    """Return the split as a Feed, resident on the device if it takes no more than a third of the free memory.

    channels_last: how images lie in memory. trimmed: whether texts come without the padding that no text of their
    batch needs. grouped: the size of the batches that hold texts of similar length, or 0; these are trimmed. share: of
    every batch; on a CPU the other processes take as much memory as this one.
    """
    if split.window is not None:
        return WindowFeed(split, preprocessing, device, share)
    if task.streams:
        return StreamFeed(split, preprocessing, device, stream_of(split, preprocessing), task.framed, share)
    images = isinstance(preprocessing, ImagePreprocessing)
    nhwc = images and channels_last
    least = _SHARE / share[1] if device.type == "cpu" else _SHARE
    if not split.holds_texts and _bytes_of(split) > least * free_memory(device):
        return RowFeed(split, preprocessing, device, None, None, nhwc, share=share)
    targets = torch.from_numpy(np.array(split.targets)).to(device)  # a copy: those of large data lie in a file
    if split.holds_texts:
        texts: Any = preprocessing
        samples = torch.from_numpy(texts.encode_all(split.texts()))
        if trimmed or grouped:
            lengths = ((samples != PADDING) * torch.arange(1, samples.shape[1] + 1)).amax(1)
            return RowFeed(split, preprocessing, device, samples.to(device), targets, nhwc, lengths, grouped, share)
    else:
        samples = torch.from_numpy(split.rows())
        samples = samples.permute(0, 3, 1, 2).contiguous() if images and not channels_last else samples
    return RowFeed(split, preprocessing, device, samples.to(device), targets, nhwc, share=share)


def _bytes_of(split: Split) -> int:
    rows: Any = split.inputs
    return len(split) * int(np.prod(rows.shape[1:])) * rows.dtype.itemsize + split.targets.nbytes


def free_memory(device: torch.device) -> float:
    """Return how many bytes may still be taken, by the machine's memory and by the limits of this process."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return max(0.0, min([float(psutil.virtual_memory().available), *_limits()]))


def _limits() -> Iterator[float]:
    """Yield what is left below each limit that this process was given: by ulimit, or by its control group."""
    with suppress(ImportError, AttributeError, OSError):  # only Linux has all of these
        import resource

        used = psutil.Process().memory_info()
        for limit, taken in ((resource.RLIMIT_AS, used.vms), (resource.RLIMIT_DATA, used.data)):
            most = resource.getrlimit(limit)[0]
            if most != resource.RLIM_INFINITY:
                yield float(most - taken)
    with suppress(OSError, ValueError):  # "max" is no limit
        group = Path("/sys/fs/cgroup")
        yield float(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
