"""Accuracy: the part of samples whose best guess is right."""

from torch import Tensor

from workbench.metrics import classes, register


@register("accuracy", title="Accuracy", summary="Part of the samples that were labelled correctly.", percent=True)
def accuracy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return how many samples were labelled correctly: (batch, classes), (batch,) -> ()."""
    return (logits.argmax(1) == classes(targets)).sum()
