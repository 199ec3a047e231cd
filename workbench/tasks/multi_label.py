"""Multi-label classification: which of several labels a sample has, one, many or none."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.tasks import Reduction, Task, register

THRESHOLD = 0.5  # a label is told from this probability on
_MISTAKES = 50


@register
class MultiLabel(Task):
    """A yes or no for every label; the network gives a logit for each."""

    name = "multi_label"
    title = mark("Several labels")
    metrics = ("micro_f1", "label_macro_f1", "exact_match")
    headline = "micro_f1"
    tells = "probabilities"

    def outputs(self, count: int, inputs: Inputs) -> int:
        """Return the number of labels."""
        return count

    def prepare(
        self, inputs: Tensor, targets: Tensor, generator: Generator, *, training: bool
    ) -> tuple[Tensor, Tensor]:
        """Return the inputs as they are, and the labels (batch, labels) as 0.0 and 1.0."""
        return inputs, targets.float()

    def loss(
        self,
        outputs: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return binary cross-entropy in float32, the mean over the labels of a sample.

        outputs: logits (batch, labels); targets (batch, labels) of 0 and 1, which label_smoothing draws towards a
        half. weights are for single classes and have no meaning here.
        """
        goals = targets.float()
        goals = goals * (1 - label_smoothing) + label_smoothing / 2 if label_smoothing else goals
        total = binary_cross_entropy_with_logits(outputs.float(), goals, reduction="sum") / max(goals.shape[1], 1)
        return total / len(goals) if reduction == "mean" else total

    def told(self, outputs: Tensor, encoded: Tensor) -> Tensor:
        """Return a probability for each label, independent of the others: (batch, labels)."""
        return torch.sigmoid(outputs.float())

    def details(self, outputs: Tensor, targets: Tensor, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """Return per_label and mistakes, the surest first.

        per_label: count, precision, recall and F1 of each label; what cannot be computed is 0. mistakes: samples with
        a label too many or too few, each with the labels it has and those it was given, as texts.
        """
        told, there = outputs > 0, targets > 0.5
        right, guessed, present = (part.sum(0).tolist() for part in (told & there, told, there))
        return {
            "per_label": [
                {
                    "label": label,
                    "count": present[n],
                    "precision": right[n] / max(guessed[n], 1),
                    "recall": right[n] / max(present[n], 1),
                    "f1": 2 * right[n] / max(guessed[n] + present[n], 1),
                }
                for n, label in enumerate(labels)
            ],
            "mistakes": _mistakes(outputs, there, labels, names),
        }

    def predictions(self, outputs: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return for each sample its labels, them in one text, the best score, and the `top` labels, best first.

        Scores are independent probabilities: they do not sum to one. `top` holds every label that is told, even where
        these are more.
        """
        found = []
        for scores in torch.sigmoid(outputs.float()):
            best, places = scores.sort(descending=True, stable=True)
            told = scores >= THRESHOLD
            shown = min(max(top, int(told.sum())), len(labels))
            ranked = zip(best[:shown].tolist(), places[:shown].tolist(), strict=True)
            there = [label for label, is_told in zip(labels, told.tolist(), strict=True) if is_told]
            rows = [{"label": labels[place], "score": score} for score, place in ranked]
            found.append({"label": ", ".join(there), "labels": there, "score": rows[0]["score"], "top": rows})
        return found


def _mistakes(outputs: Tensor, there: Tensor, labels: Sequence[str], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the samples with a wrong label: score is how sure the model was of the worst one."""
    told, scores = outputs > 0, torch.sigmoid(outputs.float())
    sureness = torch.where(told, scores, 1 - scores).masked_fill(told == there, 0).amax(1)
    wrong = torch.nonzero(sureness)[:, 0]
    surest = wrong[torch.argsort(sureness[wrong], descending=True, stable=True)][:_MISTAKES]
    return [
        {
            "row": row,
            "name": names[row] if names else "",
            "label": joined(labels, there[row]),
            "predicted": joined(labels, told[row]),
            "score": float(sureness[row]),
        }
        for row in surest.tolist()
    ]


def joined(labels: Sequence[str], told: Tensor) -> str:
    """Return the labels that are told (labels,) bool, in one text; a dash where there is none."""
    return ", ".join(label for label, is_told in zip(labels, told.tolist(), strict=True) if is_told) or "–"
