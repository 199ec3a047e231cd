"""Reconstruction error: how far restored values are from the true ones."""

from torch import Tensor

from workbench.metrics import register


@register(
    "reconstruction_error",
    title="Reconstruction error",
    summary="Mean squared difference between input and output, where 1 is what the mean of all inputs would give.",
    better="lower",
)
def reconstruction_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum over samples of their mean squared error: (batch, values), (batch, values) -> ()."""
    return (outputs.float() - targets.float()).square().mean(1).sum()
