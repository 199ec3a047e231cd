"""Error relative to the last known value: how a forecast compares with saying that nothing changes."""

import torch
from torch import Tensor

from workbench.metrics import register


def ratio(total: Tensor, count: int) -> float:
    """Return the mean over columns of error by error of the last value; waits for the device.

    Where the last value is right throughout, an error of 0 counts as 1, and any other as infinite.
    """
    errors, naive = total.double().cpu()
    values = torch.where(naive > 0, errors / naive, torch.where(errors > 0, float("inf"), 1.0))
    return float(values.mean())


@register(
    "relative_mae",
    title="Error against the last value",
    summary="Mean absolute error divided by that of always saying the last known value: below 1 is better than that.",
    better="lower",
    value=ratio,
)
def relative_mae(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return absolute errors of the forecast and of the last value, summed (Hyndman and Koehler 2006, section 2.4).

    outputs (batch, horizon, columns); targets (batch, horizon + 1, columns), the last known values first.
    -> (2, columns).
    """
    last, truth = targets[:, :1], targets[:, 1:]
    errors = torch.stack(((outputs - truth).abs().sum((0, 1)), (last - truth).abs().sum((0, 1))))
    return errors if errors.device.type == "mps" else errors.double()
