"""Top-5 accuracy: the part of samples whose class is among the five best guesses."""

from torch import Tensor

from workbench.metrics import classes, register


@register(
    "top_5_accuracy",
    title="Top-5 accuracy",
    summary="Part of the samples whose label is among the five best guesses.",
    percent=True,
    least_outputs=6,
)
def top_5_accuracy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return how many samples have their class among the five largest logits: (batch, classes), (batch,) -> ()."""
    guesses = logits.topk(min(5, logits.shape[1]), dim=1).indices
    return (guesses == classes(targets)[:, None]).sum()
