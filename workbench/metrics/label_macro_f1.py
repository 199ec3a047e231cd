"""Macro F1 of labels: precision and recall of every label, each label counting the same."""

import torch
from torch import Tensor

from workbench.metrics import register


def f1_of_each(total: Tensor, count: int) -> float:
    """Return the mean over labels of the harmonic mean of precision and recall; waits for the device.

    A label that was neither there nor told is left out; without any it is 0.
    """
    right, told, there = total.double().cpu()
    seen = told + there > 0
    return float((2 * right / (told + there).clamp(min=1))[seen].mean()) if seen.any() else 0.0


@register(
    "label_macro_f1",
    title="Macro F1 of labels",
    summary="Precision and recall together, with every label counting the same, however rare.",
    percent=True,
    value=f1_of_each,
)
def label_macro_f1(logits: Tensor, targets: Tensor) -> Tensor:
    """Return how often each label was rightly told, told, there: (batch, labels), (batch, labels) -> (3, labels)."""
    told, there = logits > 0, targets > 0.5
    return torch.stack(((told & there).sum(0), told.sum(0), there.sum(0)))
