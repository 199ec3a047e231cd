"""Mirroring in turns: one half of the images in one epoch, the other half in the next."""

from collections.abc import Iterable, Iterator

import torch
from torch import Generator, Tensor


def mirrored_rows(count: int, seed: int, epoch: int) -> Tensor:
    """Return which of `count` images are mirrored in an epoch, (count,) bool: a pure function of seed and epoch.

    The other half is mirrored in the epoch after it, so that two epochs in a row never show the same picture
    (Jordan 2024, section 3.6).
    """
    half = torch.randint(0, 2, (count,), generator=Generator().manual_seed(seed), dtype=torch.uint8)
    return half == epoch % 2


def in_turns(
    batches: Iterable[tuple[Tensor, Tensor]], places: Iterable[Tensor], mirrored: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches with their images (n, C, H, W) mirrored where they are to be.

    places: the rows (n,) of each batch; mirrored (N,) bool, of all rows.
    """
    for (images, targets), rows in zip(batches, places, strict=True):
        chosen = mirrored[rows].to(images.device)
        yield torch.where(chosen[:, None, None, None], images.flip(3), images), targets
