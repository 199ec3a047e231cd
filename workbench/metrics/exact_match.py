"""Exact match: the share of samples of which every label was told, and no other."""

from torch import Tensor

from workbench.metrics import register


@register(
    "exact_match",
    title="Exact match",
    summary="Share of samples of which exactly the right labels were told: no label missing, and none too many.",
    percent=True,
)
def exact_match(logits: Tensor, targets: Tensor) -> Tensor:
    """Return how many samples have all labels right: (batch, labels), (batch, labels) of 0 and 1 -> ()."""
    return ((logits > 0) == (targets > 0.5)).all(1).sum()
