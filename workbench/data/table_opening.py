"""From the cache of a table to a data set: rows dealt out, the target's scale, what was found."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.images import shown
from workbench.core.signature import Inputs
from workbench.core.words import Words, from_plain
from workbench.data import checks, table_findings
from workbench.data.assembly import renamed
from workbench.data.base import DataSettings
from workbench.data.dataset import Dataset, Problem, Skipped, Split, TargetScale
from workbench.data.row_file import RowFile
from workbench.data.table_cache import MOST_COMPARED, groups_of_equals
from workbench.data.table_plan import RECONSTRUCTION
from workbench.data.table_source import Source
from workbench.data.table_splits import RowNames, dealt_out

_BLOCK = 1 << 18  # targets looked at at a time


def dataset_of(settings: DataSettings, source: Source, folder: Path, summary: Mapping[str, Any]) -> Dataset:
    """Return the data set whose numbers lie in `folder`; summary: what writing them gave."""
    layout = source.layout
    first = 1 if layout is None else 1 + layout.named
    files = [shown(path.name) for path in source.paths()]
    names = RowNames(files, summary["starts"], first, RowFile(folder / "rows.npy"))
    task = summary["task"]
    splits = dealt_out(
        folder,
        names,
        shares=(settings.validation, settings.test),
        seed=settings.split_seed,
        stratify=task == "classification",
    )
    skipped = [names.of_row(row) for row in summary["skipped"]]
    regression = task == "regression"
    dataset = Dataset(
        name=Path(source.name).stem,
        task=task,
        tasks=(task, RECONSTRUCTION),
        inputs=Inputs("table", ()),
        classes=() if regression else renamed(tuple(summary["classes"]), settings.class_names),
        splits=splits,
        skipped=tuple(Skipped(name, Words("Its target is missing, or not a finite number.")) for name in skipped),
        cache=folder,
        facts=_facts(settings, summary),
        target=target_scale(splits["training"], summary["targets"]) if regression else None,
    )
    return _checked(dataset, summary, skipped)


def target_scale(training: Split, names: list[str]) -> TargetScale:
    """Return mean and deviation of the targets over the training split, read block by block; 1 where all are equal."""
    count = max(len(training), 1)
    total, squares = np.zeros(len(names)), np.zeros(len(names))
    for begin in range(0, len(training), _BLOCK):
        total += training.targets[begin : begin + _BLOCK].sum(0, dtype=np.float64)
    mean = total / count
    for begin in range(0, len(training), _BLOCK):
        squares += ((training.targets[begin : begin + _BLOCK] - mean) ** 2).sum(0)
    std = np.sqrt(squares / count)
    return TargetScale(tuple(names), tuple(mean.tolist()), tuple(np.where(std > 0, std, 1.0).tolist()))


def _facts(settings: DataSettings, summary: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {name: getattr(settings, name) for name in ("missing", "indicator", "most_categories")}
    names = ("task", "targets", "features", "left_out", "rows")
    masking = {"masking": found} if (found := summary.get("masking")) else {}
    return {**{name: summary[name] for name in names}, "filling": wanted, **masking}


def _checked(dataset: Dataset, summary: Mapping[str, Any], skipped: list[str]) -> Dataset:
    found = [*summary["problems"], *table_findings.of_rows(summary, skipped)]
    groups = None
    if summary["count"] <= MOST_COMPARED:
        inputs, targets = RowFile(dataset.cache / "inputs.npy")[:], np.load(dataset.cache / "targets.npy")
        found += table_findings.of_leaks(inputs, targets, summary["features"])
        groups = groups_of_equals(inputs, targets)
    problems = tuple(Problem(level, from_plain(words), tuple(items)) for level, words, items in found)
    checked = checks.checked(replace(dataset, skipped=()), groups)  # rows without a target are told of by themselves
    return replace(checked, skipped=dataset.skipped, problems=(*checked.problems, *problems))
