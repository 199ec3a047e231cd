"""Classification: which one of several classes a sample belongs to."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.tasks import Reduction, Task, register
from workbench.tasks.confusion import confusion_matrix, mistakes, per_class


@register
class Classification(Task):
    """One class out of several; the network gives a logit for each."""

    name = "classification"
    title = mark("Classification")
    metrics = ("accuracy", "top_5_accuracy", "macro_f1")
    headline = "accuracy"
    tells = "probabilities"

    def outputs(self, count: int, inputs: Inputs) -> int:
        """Return the number of classes."""
        return count

    def loss(
        self,
        outputs: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return cross-entropy in float32, with label smoothing after Szegedy et al. 2016, section 7.

        outputs: logits (batch, classes); targets: class indices (batch,), or soft targets (batch, classes) whose rows
        sum to one; weights: one for each class (classes,). The mean divides by the number of samples, weighted or not,
        so that the sums of parts of a batch add up to the whole.
        """
        total = cross_entropy(
            outputs.float(), targets, weight=weights, label_smoothing=label_smoothing, reduction="sum"
        )
        return total / len(targets) if reduction == "mean" else total

    def told(self, outputs: Tensor, encoded: Tensor) -> Tensor:
        """Return probabilities that sum to one: (batch, classes)."""
        return torch.softmax(outputs.float(), dim=1)

    def kept(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return score and number of the class that was said, (n, 2), and the true one (n,), however many there are."""
        return torch.stack(torch.softmax(outputs.float(), dim=1).max(dim=1), dim=1), targets

    def details(self, outputs: Tensor, targets: Tensor, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """Return confusion (rows: true, columns: predicted), per_class and mistakes, the surest first."""
        scores, guesses = outputs[:, 0], outputs[:, 1].long()
        there = targets.numpy()
        confusion = confusion_matrix(there, guesses.numpy(), len(labels))
        return {
            "confusion": confusion.tolist(),
            "per_class": per_class(confusion, labels),
            "mistakes": mistakes(there, guesses.numpy(), scores.numpy(), labels, names),
        }

    def predictions(self, outputs: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return for each sample its label, its score and the `top` best labels with their scores, best first.

        Scores are softmax probabilities, in float32 whatever the precision of outputs (batch, classes).
        """
        scores, places = torch.softmax(outputs.float(), dim=1).topk(min(top, len(labels)), dim=1)
        rows = zip(scores.tolist(), places.tolist(), strict=True)
        ranked = [[{"label": labels[place], "score": score} for score, place in zip(*row, strict=True)] for row in rows]
        return [{**best[0], "top": best} for best in ranked]


def balanced_weights(counts: Sequence[int]) -> list[float]:
    """Return weights for classes with so many training samples each, so that every class counts the same.

    Their mean over the samples is 1 ("balanced" in King and Zeng 2001): samples / (classes × count). A class without
    samples weighs 0.
    """
    present = sum(count > 0 for count in counts)
    return [sum(counts) / (present * count) if count else 0.0 for count in counts]
