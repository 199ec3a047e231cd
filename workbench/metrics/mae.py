"""Mean absolute error: how far predictions are off, on average."""

from torch import Tensor

from workbench.metrics import register


@register(
    "mae",
    title="Mean absolute error",
    summary="How far the predictions are off, on average, in the unit of what is predicted.",
    better="lower",
    unit_of_target=True,
)
def mae(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum over samples of the absolute error: (batch, targets), (batch, targets) -> ()."""
    return (outputs - targets).abs().flatten(1).mean(1).sum()
