"""Names that folders and files of training data usually have, and what they say about class and split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.core.images import shown
from workbench.core.words import Words
from workbench.data.dataset import Skipped
from workbench.data.splits import TEST, TRAINING, UNDECIDED, VALIDATION

_NAMES = {
    TRAINING: ("train", "training", "trn", "训练", "训练集"),
    VALIDATION: ("val", "valid", "validation", "dev", "eval", "验证", "验证集"),
    TEST: ("test", "testing", "tst", "holdout", "测试", "测试集"),
}
_BY_NAME = {name: split for split, names in _NAMES.items() for name in names}


@dataclass(frozen=True)
class Arrangement:
    """Which files are samples, of which class and split.

    rows (N,) int64: places in the list of names. targets (N,) int64: numbers in `classes`. given (N,) uint8: splits.
    """

    rows: np.ndarray
    targets: np.ndarray
    given: np.ndarray
    classes: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


def split_named(name: str) -> int | None:
    """Return the split that a folder or file of this name holds, or None."""
    return _BY_NAME.get(name.strip().lower())


def class_order(label: str) -> tuple[int, float, str]:
    """Sort labels that are numbers by value, before all others by name."""
    return (0, float(label), label) if label.replace(".", "", 1).isdecimal() else (1, 0.0, label)


def by_folder(names: Sequence[str]) -> Arrangement:
    """Return what the folders say about files with these names ("train/cat/0001.jpg"): split, if any, and class.

    Folders around all others are passed over. Below a class folder, deeper folders make no difference.
    """
    parts = [name.split("/") for name in names]
    while parts and all(len(part) > 2 for part in parts) and len({part[0] for part in parts}) == 1:
        parts = [part[1:] for part in parts]
    has_splits = any(len(part) > 2 and split_named(part[0]) is not None for part in parts)
    rows, labels, given, skipped = [], [], [], []
    for row, part in enumerate(parts):
        split = split_named(part[0]) if has_splits else UNDECIDED
        inner = part[1:] if has_splits else part
        if split is None:
            reason = Words("It lies outside the folders for training, validation and testing.")
            skipped.append(Skipped(shown(names[row]), reason))
        elif len(inner) < 2:
            skipped.append(Skipped(shown(names[row]), Words("It lies in no class folder.")))
        else:
            rows.append(row)
            labels.append(inner[0])
            given.append(split)
    return arrangement(rows, labels, given, skipped)


def arrangement(
    rows: Sequence[int], labels: Sequence[str], given: Sequence[int], skipped: Sequence[Skipped]
) -> Arrangement:
    """Return the arrangement in which the classes are the sorted different labels."""
    classes = sorted(set(labels), key=class_order)
    numbers = {label: number for number, label in enumerate(classes)}
    targets = np.array([numbers[label] for label in labels], np.int64)
    names = tuple(shown(label) for label in classes)
    return Arrangement(np.array(rows, np.int64), targets, np.array(given, np.uint8), names, tuple(skipped))
