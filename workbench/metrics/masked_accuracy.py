"""Masked accuracy: the part of hidden tokens whose best guess is right."""

from torch import Tensor

from workbench.metrics import register


@register(
    "masked_accuracy",
    title="Accuracy on masked tokens",
    summary="Part of the hidden tokens that were guessed correctly.",
    percent=True,
)
def masked_accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return how many hidden tokens were guessed: (batch, length, vocabulary), (batch, length) -> ().

    A token that was not hidden has the target -100, which no guess equals.
    """
    return (outputs.argmax(-1) == targets).sum()
