"""Gaps in a series: what stands where there is no number, and how many there are."""

from collections.abc import Sequence

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words
from workbench.data.dataset import Problem

_STEP = 1.5  # times the usual step from which on rows are missing


def filled(values: np.ndarray, missing: str) -> np.ndarray:
    """Return (rows, columns) float32 without NaN, but for columns without any number.

    missing: "previous" repeats the number before a gap, "interpolate" draws a line across it. What lies before the
    first number of a column takes that one.
    """
    result = np.array(values, np.float32)
    for column in result.T:
        there = np.flatnonzero(~np.isnan(column))
        if not len(there) or len(there) == len(column):
            continue
        places = np.arange(len(column))
        if missing == "interpolate":
            column[:] = np.interp(places, there, column[there])
        else:
            column[:] = column[there[np.maximum(np.searchsorted(there, places, "right") - 1, 0)]]
    return result


def of_values(values: np.ndarray, columns: Sequence[str], name: str, missing: str) -> list[Problem]:
    """Return what there is to say about the gaps; raises UserError for a column of gaps, and for any if so wished."""
    gaps = np.isnan(values)
    counts = gaps.sum(axis=0)
    empty = [column for column, count in zip(columns, counts, strict=True) if count == len(values)]
    if empty:
        raise UserError("The column {column} of {name} holds no numbers.", column=shown(empty[0]), name=name)
    if not counts.any():
        return []
    place = int(counts.argmax())
    if missing == "refuse":
        row = int(np.flatnonzero(gaps[:, place])[0])
        raise UserError(
            "{column} has no number in {count} of {rows} rows of {name}, at first in row {row}.",
            hint="Let the previous number stand in, or a line between its neighbours.",
            column=shown(columns[place]),
            count=f"{int(counts[place]):,}",
            rows=f"{len(values):,}",
            row=f"{row + 1:,}",
            name=name,
        )
    values_ = {"count": f"{int(counts.sum()):,}", "most": f"{longest(gaps):,}", "name": name}
    words = Words("{count} numbers of {name} are missing and were filled in; the longest gap has {most} rows.", values_)
    items = tuple(
        f"{shown(column)}: {count:,}" for column, count in zip(columns, counts.tolist(), strict=True) if count
    )
    return [Problem("warning", words, items)]


def longest(gaps: np.ndarray) -> int:
    """Return the length of the longest run of gaps in any column: (rows, columns) bool."""
    padded = np.pad(gaps.astype(np.int8), ((1, 1), (0, 0)))
    edges = np.diff(padded, axis=0)
    lengths = [np.flatnonzero(column == -1) - np.flatnonzero(column == 1) for column in edges.T]
    return max((int(length.max()) for length in lengths if len(length)), default=0)


def of_times(moments: np.ndarray, times: tuple[str, ...], column: str, name: str) -> list[Problem]:
    """Return what there is to say about the times of the rows: whether they rise, and whether some are left out."""
    if len(moments) < 3:
        return []
    steps = np.diff(moments)
    shown_values = {"column": shown(column), "name": name}
    back = np.flatnonzero(steps <= 0)
    if len(back):
        words = Words(
            "The times in {column} of {name} do not always rise: the rows are read in the order of the file.",
            shown_values,
        )
        return [Problem("warning", words, tuple(times[row + 1] for row in back[:1000].tolist()))]
    skipped = np.flatnonzero(steps > _STEP * np.median(steps))
    if not len(skipped):
        return []
    words = Words(
        "The times in {column} of {name} jump {count} times: the rows are read as if they were evenly spaced.",
        {**shown_values, "count": f"{len(skipped):,}"},
    )
    return [Problem("warning", words, tuple(times[row] for row in skipped[:1000].tolist()))]
