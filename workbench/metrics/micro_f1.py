"""Micro F1: precision and recall over all labels of all samples together."""

import torch
from torch import Tensor

from workbench.metrics import register


def f1_of_all(total: Tensor, count: int) -> float:
    """Return the harmonic mean of precision and recall, 0 where nothing was there or told; waits for the device."""
    right, told, there = total.double().cpu().tolist()
    return 2 * right / max(told + there, 1)


@register(
    "micro_f1",
    title="Micro F1",
    summary="Precision and recall together, with every label of every sample counting the same.",
    percent=True,
    value=f1_of_all,
)
def micro_f1(logits: Tensor, targets: Tensor) -> Tensor:
    """Return how many labels were rightly told, told, there: (batch, labels), (batch, labels) of 0 and 1 -> (3,)."""
    told, there = logits > 0, targets > 0.5
    return torch.stack(((told & there).sum(), told.sum(), there.sum()))
