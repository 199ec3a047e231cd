"""What a classifier takes for what: the confusion matrix, every class, and the mistakes it was most sure of."""

from collections.abc import Sequence
from typing import Any

import numpy as np

_MISTAKES = 50


def confusion_matrix(targets: np.ndarray, guesses: np.ndarray, classes: int) -> np.ndarray:
    """Return how often each class (row) was taken for each class (column): (N,), (N,) -> (classes, classes) int64."""
    return np.bincount(targets * classes + guesses, minlength=classes * classes).reshape(classes, classes)


def per_class(confusion: np.ndarray, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return count, precision, recall and F1 of every class; what has no samples to be computed from is 0."""
    right = np.diag(confusion)
    there, guessed = confusion.sum(1), confusion.sum(0)
    precision = right / np.maximum(guessed, 1)
    recall = right / np.maximum(there, 1)
    f1 = 2 * right / np.maximum(there + guessed, 1)
    return [
        {
            "label": label,
            "count": int(there[n]),
            "precision": float(precision[n]),
            "recall": float(recall[n]),
            "f1": float(f1[n]),
        }
        for n, label in enumerate(labels)
    ]


def mistakes(
    targets: np.ndarray, guesses: np.ndarray, scores: np.ndarray, labels: Sequence[str], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the samples that were taken for another class, the surest first: (N,) each."""
    wrong = np.flatnonzero(targets != guesses)
    surest = wrong[np.argsort(-scores[wrong], kind="stable")][:_MISTAKES]
    return [
        {
            "row": row,
            "name": names[row] if names else "",
            "label": labels[int(targets[row])],
            "predicted": labels[int(guesses[row])],
            "score": float(scores[row]),
        }
        for row in surest.tolist()
    ]
