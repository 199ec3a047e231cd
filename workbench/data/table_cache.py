"""From a table to the cache: looked through once to know its columns, a second time to write its numbers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars

from workbench.core.words import Words
from workbench.data import cache
from workbench.data.dataset import Progress, ProgressCallback
from workbench.data.folders import split_named
from workbench.data.row_file import RowWriter
from workbench.data.splits import TRAINING, UNDECIDED
from workbench.data.table_columns import Column, Described
from workbench.data.table_plan import Plan, is_yes
from workbench.data.table_source import Source
from workbench.data.table_values import as_numbers, as_texts, plain

MOST_NAMED = 1000  # rows left out that are named one by one
MOST_COMPARED = 200_000  # rows among which equal ones are looked for

LOOKING = Words("Looking at the columns")
WRITING = Words("Writing the numbers")


def seen(source: Source, report: Callable[[int], None]) -> dict[str, Column]:
    """Return what was seen in every column of the table, read once from beginning to end, in batches."""
    columns = {name: Column(name) for name in source.columns}
    comma = decimal_comma(source)
    rows = 0
    for _, frame in source.batches():
        report(rows)
        rows += len(frame)
        for name, column in columns.items():
            column.see(frame.get_column(name), decimal_comma=comma)
    return columns


def seen_at_first(source: Source, rows: int) -> dict[str, Column]:
    """Return what is seen in the first rows of every column."""
    frame = source.head(rows)
    columns = {name: Column(name) for name in source.columns}
    for name, column in columns.items():
        column.see(frame.get_column(name), decimal_comma=decimal_comma(source))
    return columns


def decimal_comma(source: Source) -> bool:
    """Return whether 1,5 may be a number: where a comma does not separate the columns."""
    return source.layout is not None and source.layout.separator != ","


def written(folder: Path, source: Source, plan: Plan, progress: ProgressCallback, rows: int) -> dict[str, Any]:
    """Write inputs.npy, targets.npy, given.npy and rows.npy, and return what is to be remembered of it.

    inputs (N, features) float32: numbers less the offset of their column, or codes of categories; NaN is no value.
    targets: (N,) int64 classes, (N, targets) float32, or (N, labels) uint8. given (N,) uint8: see `splits.dealt`.
    rows (N,) int32 or int64: which row of the table each one is, from 0, over all files; a row without a target is
    left out.
    """
    skipped: list[int] = []
    starts: list[int] = []  # the row with which each file begins
    missing = done = 0
    kept_type = np.int32 if rows < 2**31 else np.int64
    shape, dtype = _target_form(plan)
    given_by_file = _splits_of_files(source.paths())
    with (
        RowWriter(folder / "inputs.npy", np.float32, (len(plan.features),)) as inputs,
        RowWriter(folder / "targets.npy", dtype, shape) as targets,
        RowWriter(folder / "given.npy", np.uint8) as given,
        RowWriter(folder / "rows.npy", kept_type) as places,
    ):
        for number, frame in source.batches():
            progress(Progress(WRITING, min(done, rows), rows))
            starts += [done] * (number + 1 - len(starts))
            values, usable = _targets(frame, plan, decimal_comma(source))
            inputs.append(encoded(frame, plan.features, decimal_comma(source))[usable])
            targets.append(values[usable])
            given.append(_given(frame, plan.split_column, given_by_file[number])[usable])
            places.append((done + np.flatnonzero(usable)).astype(kept_type))
            lacking = np.flatnonzero(~usable)
            missing += len(lacking)
            skipped += (done + lacking[: MOST_NAMED - len(skipped)]).tolist()
            done += len(frame)
    starts += [done] * (len(source.files) - len(starts))
    return {"count": inputs.count, "missing": missing, "skipped": skipped, "starts": starts}


def encoded(frame: polars.DataFrame, features: tuple[Described, ...], comma: bool = False) -> np.ndarray:
    """Return rows as the cache holds them: (n, features) float32."""
    result = np.empty((len(frame), len(features)), np.float32)
    for place, column in enumerate(features):
        cells = plain(frame.get_column(column.name))
        if column.kind == "numeric":
            numbers = as_numbers(cells, decimal_comma=comma) - column.offset
        else:
            numbers = codes(as_texts(cells), column.categories)
        result[:, place] = numbers.fill_null(float("nan")).to_numpy()
    result[np.isinf(result)] = np.nan  # too large for float32
    return result


def codes(texts: polars.Series, categories: tuple[str, ...]) -> polars.Series:
    """Return the number of each text in `categories`, one more than the last for any other, null for none."""
    known: Mapping[str, float] = {name: float(code) for code, name in enumerate(categories)}
    found = texts.replace_strict(known, default=float(len(categories)), return_dtype=polars.Float64)
    return found.set(texts.is_null(), None)


def groups_of_equals(inputs: Any, targets: np.ndarray) -> np.ndarray | None:
    """Return a number for every row, the same for rows with equal features: (N,) int64; None for a large table."""
    return None if len(targets) > MOST_COMPARED else cache.groups_of_equals(cache.digests(inputs[:]))


def _target_form(plan: Plan) -> tuple[tuple[int, ...], Any]:
    if plan.task == "classification":
        return (), np.int64
    return (len(plan.targets),), np.uint8 if plan.task == "multi_label" else np.float32


def _targets(frame: polars.DataFrame, plan: Plan, comma: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the targets of some rows, and which of them are there: (n, …), (n,) bool."""
    cells = [plain(frame.get_column(name)) for name in plan.targets]
    if plan.task == "classification":
        found = codes(as_texts(cells[0]), plan.classes)
        numbers = found.fill_null(-1).to_numpy().astype(np.int64)
        return numbers, np.asarray((numbers >= 0) & (numbers < len(plan.classes)))
    if plan.task == "multi_label":
        texts = [as_texts(cell) for cell in cells]
        yes = [[text is not None and is_yes(text) for text in column.to_list()] for column in texts]
        there = np.array([column.is_not_null().to_numpy() for column in texts])
        return np.array(yes, np.uint8).T, np.asarray(there.all(0))
    columns = [as_numbers(cell, decimal_comma=comma).fill_null(float("nan")).to_numpy() for cell in cells]
    values = np.stack(columns, axis=1).astype(np.float32)
    return values, np.asarray(np.isfinite(values).all(axis=1))


def _given(frame: polars.DataFrame, split_column: str, of_file: int) -> np.ndarray:
    if not split_column:
        return np.full(len(frame), of_file, np.uint8)
    texts = as_texts(plain(frame.get_column(split_column))).to_list()
    return np.array([UNDECIDED if (split := split_named(text or "")) is None else split for text in texts], np.uint8)


def _splits_of_files(paths: list[Path]) -> list[int]:
    """Return the split that the name of each file says, if one of several is for training."""
    named = [split_named(path.stem) for path in paths]
    if TRAINING not in named or len(paths) < 2:
        return [UNDECIDED] * len(paths)
    return [UNDECIDED if split is None else split for split in named]
