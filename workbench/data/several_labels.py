"""Cells that hold several labels: found by looking at them, and spread out into a yes or no for every label."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.settings import Hint
from workbench.core.words import Words
from workbench.data.dataset import Problem
from workbench.data.folders import class_order

LABELS = "labels.npy"  # in the cache of images, of the latest opening: (N, labels) uint8, where there are several
MOST_LABELS = 2_000
_SIGNS = {"semicolon": ";", "bar": "|", "comma": ","}
_GUESSED = ("semicolon", "bar")  # commas also stand inside of names
_ENOUGH = 0.02  # share of samples with several labels below which a sign is taken for part of a name
Separator = Annotated[
    Literal["auto", "none", "semicolon", "bar", "comma", "json"],
    Field(
        title="Label separator",
        description="What stands between the labels of one sample, if it can have several; automatic looks at them.",
    ),
    Hint(
        advanced=True,
        choices={
            "auto": "Automatic",
            "none": "None: one label each",
            "semicolon": "Semicolon",
            "bar": "Vertical bar",
            "comma": "Comma",
            "json": "JSON list",
        },
    ),
]


def separator_of(cells: Sequence[str], counts: Sequence[int], separator: str, task: str) -> str:
    """Return which separator the labels have: "none", or one of `Separator` but "auto".

    cells: the different ones, each with the number of samples it stands for. separator: as it was set. task: as it
    was set: where classes are to be told apart, a cell is one class unless the separator was chosen.
    """
    if separator != "auto":
        return separator
    if task not in ("auto", "multi_label"):
        return "none"
    filled = [cell for cell in cells if cell]
    if filled and all(cell.startswith("[") and _listed(cell) is not None for cell in filled):
        return "json"
    for name in _GUESSED:
        several = sum(count for cell, count in zip(cells, counts, strict=True) if len(parts(cell, name)) > 1)
        different = {label for cell in filled for label in parts(cell, name)}
        if several > _ENOUGH * sum(counts) and len(different) <= len(set(filled)):
            return name
    return "none"


def several(
    cells: Sequence[str], targets: np.ndarray, separator: str, task: str
) -> tuple[np.ndarray, tuple[str, ...], str] | None:
    """Return the labels of every sample, as `spread` does, and their separator; None when each has one class.

    cells: the different ones; targets (N,): the place in `cells` of every sample. separator, task: as they were set.
    """
    found = separator_of(cells, np.bincount(targets, minlength=len(cells)).tolist(), separator, task)
    if task != "multi_label" and (task != "auto" or found == "none"):
        return None
    return (*spread(cells, targets, found), found)


def told(labels: Sequence[str]) -> Problem:
    """Return the finding that says that samples can have several labels."""
    some = ", ".join(labels[:5]) + (" …" if len(labels) > 5 else "")
    words = Words(
        "A sample can have several labels; there are {count}: {labels}.", {"count": f"{len(labels):,}", "labels": some}
    )
    return Problem("good", words)


def parts(cell: str, separator: str) -> list[str]:
    """Return the labels in a cell, each once, in their order."""
    if separator == "json":
        found = _listed(cell)
        return [cell] if found is None and cell else list(dict.fromkeys(found or ()))
    if separator == "none":
        return [cell] if cell else []
    return list(dict.fromkeys(part for piece in cell.split(_SIGNS[separator]) if (part := piece.strip())))


def spread(cells: Sequence[str], targets: np.ndarray, separator: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return which sample has which label, and the labels in order: (N, labels) uint8.

    cells: the different ones; targets (N,): the place in `cells` of every sample. Raises UserError when there are too
    many labels.
    """
    found = [parts(cell, separator) for cell in cells]
    labels = tuple(sorted({label for row in found for label in row}, key=class_order))
    if len(labels) > MOST_LABELS:
        raise UserError(
            "There are {count} different labels, more than {most}.",
            hint="Choose another label column or another label separator.",
            count=f"{len(labels):,}",
            most=f"{MOST_LABELS:,}",
        )
    places = {label: place for place, label in enumerate(labels)}
    table = np.zeros((len(cells), len(labels)), np.uint8)
    for row, there in enumerate(found):
        table[row, [places[label] for label in there]] = 1
    return table[targets], labels


def dealt_by(targets: np.ndarray) -> np.ndarray:
    """Return one class for every sample to deal it out by, its rarest label: (N, labels) uint8 -> (N,) int64.

    So a rare label comes into every split. Samples without labels make a class of their own; numbers are all alike.
    """
    if targets.dtype != np.uint8:
        return np.zeros(len(targets), np.int64)
    counts = targets.sum(0, dtype=np.int64)
    rarity = np.where(targets > 0, counts, np.iinfo(np.int64).max)
    rarest = rarity.argmin(1) if targets.shape[1] else np.zeros(len(targets), np.int64)
    return np.where(targets.any(1), rarest, targets.shape[1]).astype(np.int64)


def different(cells: Sequence[str], task: str, separator: str) -> int:
    """Return how many different labels the cells of a column hold."""
    counts = Counter(cells)
    names = list(counts)
    sign = separator_of(names, list(counts.values()), separator, task)
    return len({label for cell in names for label in parts(cell.strip(), sign)})


def _listed(cell: str) -> list[str] | None:
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or any(isinstance(label, list | dict) for label in found):
        return None
    texts = (label if isinstance(label, str) else json.dumps(label, ensure_ascii=False) for label in found)
    return [text.strip() for text in texts if text.strip()]
