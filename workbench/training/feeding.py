"""From a split to batches on the device, without a Python call per sample.

A split that fits is one tensor on the device, and a batch is one indexing operation. One that does not is read from
its memory-mapped cache by a thread that stays a few batches ahead.
"""

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

import numpy as np
import psutil
import torch
from torch import Tensor

from workbench.data.dataset import Split
from workbench.data.preprocessing import ImagePreprocessing, Preprocessing, TextPreprocessing

_AHEAD = 4  # batches read before they are needed
_SHARE = 0.3  # of the free memory that a resident split may take


@dataclass(frozen=True)
class Feed:
    """One split, ready to be indexed.

    inputs: images (N, C, H, W) or (N, H, W, C) uint8 as `nhwc` says, or token ids (N, length) int32; None when the
    split is read from its cache as needed. targets: (N,) int64, on the device.
    """

    split: Split
    preprocessing: Preprocessing
    device: torch.device
    inputs: Tensor | None
    targets: Tensor
    nhwc: bool

    def __len__(self) -> int:
        return len(self.targets)

    def batches(self, order: Tensor, batch_size: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (inputs, targets) of the samples that `order` (N,) names, from batch `start` on.

        inputs: images (n, C, H, W) uint8 or token ids (n, length) int32, as they lie in the data; `ready` makes them
        what a network takes.
        """
        # The whole order goes to the device at once: a small copy for each batch would wait for the steps before it.
        places = portions(order.to(self.device), batch_size)[start:]
        if self.inputs is not None:
            for rows in places:
                yield self._planes_first(self.inputs[rows]), self.targets[rows]
            return
        with closing(self._read_ahead(portions(order, batch_size)[start:])) as read:
            for rows, inputs in zip(places, read, strict=True):
                yield self._planes_first(inputs.to(self.device, non_blocking=True)), self.targets[rows]

    def ready(self, inputs: Tensor) -> Tensor:
        """Return what a network takes: images (n, C, H, W) float32 with mean 0 and deviation 1, or ids as int64."""
        if isinstance(self.preprocessing, ImagePreprocessing):
            return self.preprocessing.normalised(inputs)
        return self.preprocessing.tensor(inputs)

    def _planes_first(self, inputs: Tensor) -> Tensor:
        return inputs.permute(0, 3, 1, 2) if self.nhwc else inputs  # the memory stays as it is: channels last for free

    def _read_ahead(self, places: list[Tensor]) -> Generator[Tensor, None, None]:
        ready: queue.Queue[Tensor | BaseException | None] = queue.Queue(_AHEAD)
        stop = threading.Event()

        def put(item: Tensor | BaseException | None) -> None:
            while not stop.is_set():
                with suppress(queue.Full):
                    ready.put(item, timeout=0.1)
                    return

        def read() -> None:
            try:
                for rows in places:
                    if stop.is_set():
                        return
                    images = torch.from_numpy(self.split.images(rows.numpy()))
                    images = images if self.nhwc else images.permute(0, 3, 1, 2).contiguous()
                    put(images.pin_memory() if self.device.type == "cuda" else images)
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


def feed(split: Split, preprocessing: Preprocessing, device: torch.device, *, channels_last: bool) -> Feed:
    """Return the split as a Feed, resident on the device if it takes no more than a third of the free memory."""
    targets = torch.from_numpy(np.ascontiguousarray(split.targets)).to(device)
    if isinstance(preprocessing, TextPreprocessing):
        ids = torch.from_numpy(preprocessing.encode_all(split.texts()))
        return Feed(split, preprocessing, device, ids.to(device), targets, nhwc=False)
    assert isinstance(split.inputs, np.ndarray)
    size = len(split) * int(np.prod(split.inputs.shape[1:]))
    if size > _SHARE * _free_memory(device):
        return Feed(split, preprocessing, device, None, targets, nhwc=channels_last)
    images = torch.from_numpy(split.images())
    images = images if channels_last else images.permute(0, 3, 1, 2).contiguous()
    return Feed(split, preprocessing, device, images.to(device), targets, nhwc=channels_last)


def portions(order: Tensor, batch_size: int) -> list[Tensor]:
    """Return the order (N,) cut into batches; a last sample alone joins the batch before it.

    Normalization over a batch means nothing for one sample, and torch refuses it.
    """
    places = list(order.split(batch_size))
    if len(places) > 1 and len(places[-1]) == 1 < batch_size:
        last = places.pop()
        places[-1] = torch.cat([places[-1], last])
    return places


def batch_count(count: int, batch_size: int) -> int:
    """Return how many batches `portions` makes of `count` samples."""
    batches, rest = divmod(count, batch_size)
    return max(batches + (rest > 0) - (rest == 1 and batches > 0), 1)


def epoch_order(count: int, seed: int, epoch: int) -> Tensor:
    """Return the order (count,) of the samples in an epoch, counted from 0: a pure function of seed and epoch."""
    generator = torch.Generator().manual_seed(mixed(seed, epoch))
    return torch.randperm(count, generator=generator)


def mixed(*numbers: int) -> int:
    """Return a seed in which every one of `numbers` counts, so that near seeds give unrelated streams."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _free_memory(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available
