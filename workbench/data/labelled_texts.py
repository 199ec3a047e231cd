"""Texts with labels in the cache: what tables and folders of them have in common."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import from_plain, to_plain
from workbench.data import cache
from workbench.data.assembly import assembled
from workbench.data.base import DataSettings
from workbench.data.dataset import Dataset, Problem, Skipped, TargetScale
from workbench.data.folders import class_order
from workbench.data.masked_tables import masked_problems, masked_skipped
from workbench.data.masker import Masker
from workbench.data.several_labels import several, told
from workbench.data.text_lengths import lengths_of

TASKS = ("classification", "multi_label", "regression", "next_token", "masked_token")
_OF_TEXTS = ("next_token", "masked_token")  # tasks that need no labels
MOST_CLASSES = 10_000


def keep(
    folder: Path,
    texts: list[str],
    labels: Sequence[str],
    names: list[str],
    given: Sequence[int],
    skipped: Sequence[Skipped],
    problems: Sequence[Problem],
    facts: dict[str, Any],
    masker: Masker | None = None,
) -> dict[str, Any]:
    """Write texts and labels into `folder`, and return what is to be remembered of them; `from_cache` reads both.

    labels: as they were found, with several in one cell. given: the split of each, see `splits.dealt`. masker: takes
    personal data out of all of it.
    """
    if masker is not None:
        texts, labels, names = ([masker.text(text) for text in part] for part in (texts, labels, names))
        skipped, problems = masked_skipped(skipped, masker), masked_problems(problems, masker)
        facts = {**facts, "masking": masker.to_plain()}
    classes = sorted(set(labels), key=class_order)
    numbers = {label: number for number, label in enumerate(classes)}
    targets = np.array([numbers[label] for label in labels], np.int64)
    np.save(folder / "targets.npy", targets)
    np.save(folder / "given.npy", np.array(given, np.uint8))
    np.save(folder / "groups.npy", cache.groups_of_equals(cache.text_digests(texts)))
    cache.write_plain(folder / "texts.json", texts)
    cache.write_plain(folder / "names.json", names)
    median = int(np.median([len(text) for text in texts]))
    return {
        "classes": classes,
        "counts": np.bincount(targets, minlength=len(classes)).tolist(),
        "skipped": [[item.name, to_plain(item.reason)] for item in skipped],
        "problems": [[problem.level, to_plain(problem.words), list(problem.items)] for problem in problems],
        "facts": {**facts, "median_length": median, "lengths": lengths_of(texts)},
    }


def from_cache(settings: DataSettings, name: str, folder: Path, summary: dict[str, Any]) -> Dataset:
    """Return the data set that `keep` wrote into `folder`; cells with several labels become a yes or no for each."""
    targets, classes = np.load(folder / "targets.npy"), tuple(summary["classes"])
    found = [Problem(level, from_plain(words), tuple(items)) for level, words, items in summary["problems"]]
    facts = summary["facts"]
    target_name = None
    tasks = ("classification", *_OF_TEXTS)
    if settings.task not in ("auto", *TASKS):
        raise UserError("Texts with labels do not pose this task.", hint="Choose another one in the setting Task.")
    spread = several(classes, targets, getattr(settings, "label_separator", "none"), settings.task)
    if spread:
        targets, classes, separator = spread
        tasks = ("multi_label", *_OF_TEXTS)
        facts = {**facts, "label_separator": separator}
        found.append(told(classes))
    elif settings.task == "regression":
        targets, target_name = _numbers(classes)[targets], facts.get("label_column", "")
        classes, tasks = (), ("regression", *_OF_TEXTS)
    dataset = assembled(
        settings,
        name=name,
        folder=folder,
        tasks=tasks,
        inputs=cache.read_plain(folder / "texts.json"),
        targets=targets,
        names=cache.read_plain(folder / "names.json"),
        classes=classes,
        given=np.load(folder / "given.npy"),
        groups=np.load(folder / "groups.npy"),
        skipped=[Skipped(name, from_plain(reason)) for name, reason in summary["skipped"]],
        facts=facts,
    )
    target = None if target_name is None else _scale(target_name, dataset.training.targets)
    return replace(dataset, problems=dataset.problems + tuple(found), target=target)


def _numbers(cells: Sequence[str]) -> np.ndarray:
    """Return the numbers that are written in these cells: (cells, 1) float32; raises UserError when one is none."""
    found = []
    for cell in cells:
        try:
            number = float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)
        except ValueError:
            number = np.nan
        if not np.isfinite(np.float32(number)):
            raise UserError(
                "The label {label} is not a number, so it cannot be predicted as one.",
                hint="Choose the task classification, or a label column of numbers.",
                label=shown(cell[:60]),
            )
        found.append(number)
    return np.array(found, np.float32)[:, None]


def _scale(name: str, targets: np.ndarray) -> TargetScale:
    mean, deviation = (float(found) for found in (targets.astype(np.float64).mean(), targets.astype(np.float64).std()))
    if not deviation > 0:
        raise UserError(
            "Every training text has the same number, {number}, so there is nothing to predict.",
            hint="Choose another label column.",
            number=f"{mean:.6g}",
        )
    return TargetScale((name or "label",), (mean,), (deviation,))
