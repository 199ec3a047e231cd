"""The last steps of opening, the same for every kind: splits, class names, checks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.signature import SPLITS, Inputs
from workbench.data import cache, checks
from workbench.data.base import DataSettings
from workbench.data.dataset import Dataset, Picked, Skipped, Split
from workbench.data.several_labels import dealt_by
from workbench.data.splits import dealt


def assembled(
    settings: DataSettings,
    *,
    name: str,
    folder: Path,
    tasks: Sequence[str] = (),
    inputs: np.ndarray | Sequence[str],
    targets: np.ndarray,
    names: Sequence[str],
    classes: Sequence[str],
    given: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    skipped: Sequence[Skipped] = (),
    facts: Mapping[str, Any] | None = None,
) -> Dataset:
    """Return the data set with its samples dealt out, its classes named as wished, and its problems found.

    tasks: what the data can pose, the natural one first, where it is not the usual for images or texts. inputs: images
    (N, H, W, C) uint8, or N texts. targets (N,) int64, or (N, labels) uint8. given (N,) uint8: the splits that the data
    bring, see `splits.dealt`. groups (N,) int64: equal for equal samples. folder: the cache, which gets splits.npy.
    """
    alike = targets if targets.ndim == 1 else dealt_by(targets)
    splits = dealt(alike, given, validation=settings.validation, test=settings.test, seed=settings.split_seed)
    cache.replace_array(folder / "splits.npy", splits)
    parts = {}
    for number, split in enumerate(SPLITS):
        index = np.flatnonzero(splits == number)
        parts[split] = Split(inputs, index, targets[index], Picked(names, index))
    posed = tuple(tasks) or (
        ("classification", "reconstruction")
        if isinstance(inputs, np.ndarray)
        else ("classification", "next_token", "masked_token")
    )
    shape = (inputs.shape[3], inputs.shape[1], inputs.shape[2]) if isinstance(inputs, np.ndarray) else ()
    dataset = Dataset(
        name=name,
        task=posed[0],
        tasks=posed,
        inputs=Inputs("image" if isinstance(inputs, np.ndarray) else "text", shape),
        classes=renamed(tuple(classes), settings.class_names),
        splits=parts,
        skipped=tuple(skipped),
        cache=folder,
        facts=facts or {},
    )
    return checks.checked(dataset, groups)


def renamed(found: tuple[str, ...], wished: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that are shown: the wished ones, or those found; raises UserError when their numbers differ."""
    if wished and len(wished) != len(found):
        raise UserError(
            "There are {found} classes, but {wished} class names.",
            hint="Give one name for each of these, in this order: {classes}.",
            found=len(found),
            wished=len(wished),
            classes=", ".join(found[:20]) + (" …" if len(found) > 20 else ""),
        )
    return wished or found
