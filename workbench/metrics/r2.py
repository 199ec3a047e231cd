"""Coefficient of determination: the part of the variation that the predictions explain."""

import torch
from torch import Tensor

from workbench.metrics import register


def explained(total: Tensor, count: int) -> float:
    """Return the mean over targets of one minus squared errors by squared deviations; waits for the device.

    A target that is the same in all samples explains nothing: 1 where it is met exactly, else 0, as in scikit-learn.
    """
    errors, targets, squares = total.double().cpu()
    deviations = (squares - targets**2 / max(count, 1)).clamp(min=0)
    flat = deviations <= 1e-12 * squares
    values = torch.where(flat, (errors <= 1e-12 * squares).double(), 1 - errors / deviations.where(~flat, 1))
    return float(values.mean())


@register(
    "r2",
    title="R²",
    summary="Part of the variation that is explained: 1 is perfect, 0 is no better than always the mean.",
    value=explained,
)
def r2(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return squared errors, targets and squared targets, summed: (batch, targets) twice -> (3, targets)."""
    wide = targets if targets.device.type == "mps" else targets.double()
    return torch.stack(((outputs - wide).square().sum(0), wide.sum(0), wide.square().sum(0)))
