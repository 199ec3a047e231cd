"""Root of the mean squared error: like the mean absolute error, but large errors weigh more."""

from torch import Tensor

from workbench.metrics import register


def root_of_mean(total: Tensor, count: int) -> float:
    """Return the root of the mean; waits for the device."""
    return (float(total) / max(count, 1)) ** 0.5


@register(
    "rmse",
    title="Root mean squared error",
    summary="How far the predictions are off, with large errors weighing more, in the unit of what is predicted.",
    better="lower",
    unit_of_target=True,
    value=root_of_mean,
)
def rmse(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum over samples of the squared error: (batch, targets), (batch, targets) -> ()."""
    return (outputs - targets).square().flatten(1).mean(1).sum()
