"""Macro F1: precision and recall of every class, each class counting the same."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from workbench.metrics import classes, register


def f1(total: Tensor, count: int) -> float:
    """Return the mean over classes of the harmonic mean of precision and recall; waits for the device.

    A class that was neither there nor guessed is left out, as scikit-learn leaves it out.
    """
    right, guessed, there = total.double().cpu()
    seen = guessed + there > 0
    return float((2 * right / (guessed + there).clamp(min=1))[seen].mean())


@register(
    "macro_f1",
    title="Macro F1",
    summary="Precision and recall together, with every class counting the same, however rare.",
    percent=True,
    value=f1,
)
def macro_f1(logits: Tensor, targets: Tensor) -> Tensor:
    """Return how often each class was rightly guessed, guessed, there: (batch, classes), (batch,) -> (3, classes)."""
    guessed = one_hot(logits.argmax(1), logits.shape[1])
    there = one_hot(classes(targets), logits.shape[1])
    return torch.stack(((guessed * there).sum(0), guessed.sum(0), there.sum(0)))
