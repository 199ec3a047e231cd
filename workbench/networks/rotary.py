"""Positions as rotations (Su et al. 2021): what a query and a key say to each other depends on their distance alone."""

import torch
from torch import Tensor

_SLOWEST = 10_000.0  # places, times 2 pi, after which the slowest pair of numbers has turned once


def turns(positions: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Return the cosines and sines by which a head of this width is turned at each position.

    positions (T,) integers, counted from the beginning of the text -> twice (T, width / 2) float32.
    """
    rates = _SLOWEST ** (torch.arange(0, width, 2, device=positions.device) / -width)
    angles = positions[:, None] * rates
    return angles.cos(), angles.sin()


def turned(values: Tensor, by: tuple[Tensor, Tensor]) -> Tensor:
    """Return queries or keys turned by their positions (Su et al. 2021, eq. 34): (..., width), of the same shape.

    by: from `turns`, shaped so that (..., width / 2) goes with them. The pairs that turn are the halves of a head, as
    in GPT-NeoX, not neighbours: halves are slices, and slices are fast.
    """
    cosines, sines = (part.to(values.dtype) for part in by)
    first, second = values.chunk(2, dim=-1)
    return torch.cat((first * cosines - second * sines, second * cosines + first * sines), dim=-1)
