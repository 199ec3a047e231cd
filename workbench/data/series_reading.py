"""Columns of numbers over time, read from a CSV, TSV or Parquet file: which are numbers, and which tells the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import mark
from workbench.data.polars_errors import UNREADABLE
from workbench.data.table_cache import decimal_comma
from workbench.data.table_plan import known
from workbench.data.table_source import PARQUET, SEPARATED, readable, source_at
from workbench.data.table_values import as_numbers, as_texts, plain

ENDINGS = frozenset((*PARQUET, *SEPARATED))
MOST_VALUES = 100_000_000  # numbers that are held in memory
_NUMBERS = 0.9  # share of the cells from which on a column is one of numbers
_TIMES = "date time datetime timestamp month year day week quarter hour ds 日期 时间 时刻 年 月 年份 月份"
_TIME_NAMES = frozenset(_TIMES.split())
_CLOCK = r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?[\d.]*(?:Z|[+-][\d:]+)?)?"
_MOMENT = r"^\s*(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?" + _CLOCK + r"\s*$"
_OTHER_DATE = r"^\s*\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b.*$"


@dataclass(frozen=True)
class Readings:
    """Numbers over time. values (rows, columns) float32, NaN where there is nothing. times: what each row is called.

    moments: (rows,) seconds or numbers by which the rows lie in time, None where that is not known. others: columns
    that hold no numbers. dated: whether the column of times looks like one, and does not only count the rows.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    time: str = ""
    times: tuple[str, ...] = ()
    moments: np.ndarray | None = None
    others: tuple[str, ...] = ()
    dated: bool = False


def frame_at(
    path: Path,
    header: str = "auto",
    encoding: str = "auto",
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[polars.DataFrame, bool]:
    """Return the whole table at `path`, and whether 1,5 may be a number in it; raises UserError when it is none."""
    source = source_at(path, header, encoding)
    frames, rows = [], 0
    with TemporaryDirectory() as folder:
        for _, frame in readable(source, Path(folder), report).batches():
            frames.append(frame)
            rows += len(frame)
            if rows * len(source.columns) > MOST_VALUES:
                raise too_large(path.name)
    if not rows:
        raise UserError("{name} has no rows.", name=shown(path.name))
    return polars.concat(frames, how="vertical_relaxed"), decimal_comma(source)


def too_large(name: str) -> UserError:
    """Return the error for a series that does not fit into memory."""
    return UserError(
        "{name} holds more than {most} million numbers, which is too many for a series.",
        hint="Take fewer columns, or every tenth row.",
        name=shown(name),
        most=MOST_VALUES // 10**6,
    )


def readings(
    path: Path,
    wanted: Sequence[str] = (),
    time: str = "auto",
    header: str = "auto",
    encoding: str = "auto",
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Readings:
    """Return the columns of numbers in a file; wanted: their names, empty for all. Raises UserError when there is none.

    time: name of the column that says when each row was, "auto" to look for it, "none" where there is none.
    """
    frame, comma = frame_at(path, header, encoding, report)
    name = shown(path.name)
    when = _time_column(frame, time, name)
    if wanted:
        chosen = tuple(dict.fromkeys(known(tuple(frame.columns), column, name) for column in wanted))
    else:
        chosen = tuple(column for column in frame.columns if column != when)
    numbers, others = {}, []
    for column in chosen:
        cells = plain(frame.get_column(column))
        found = as_numbers(cells, decimal_comma=comma)
        there = len(cells) - cells.null_count()
        if there and len(found) - found.null_count() >= _NUMBERS * there:
            numbers[column] = found
        elif wanted:
            raise UserError(
                "The column {column} of {name} holds no numbers.", hint=_NEEDED, column=shown(column), name=name
            )
        else:
            others.append(column)
    if not numbers:
        raise UserError("{name} has no column of numbers.", hint=_NEEDED, name=name)
    values = np.stack([column.to_numpy() for column in numbers.values()], axis=1).astype(np.float32)
    values[~np.isfinite(values)] = np.nan  # too large for its type
    times: tuple[str, ...] = ()
    if when:
        times = tuple("" if cell is None else shown(cell) for cell in _as_words(frame.get_column(when)).to_list())
    moments = _moments(frame.get_column(when)) if when else None
    dated = when.strip().lower() in _TIME_NAMES or (bool(when) and _is_dated(frame.get_column(when)))
    return Readings(tuple(numbers), values, when, times, moments, tuple(others), dated)


_NEEDED = mark("A series needs at least one column of numbers.")


def _as_words(column: polars.Series) -> polars.Series:
    if column.dtype in (polars.Date, polars.Datetime, polars.Time, polars.Duration):
        return column.cast(polars.String)
    return as_texts(plain(column))


def _time_column(frame: polars.DataFrame, wanted: str, name: str) -> str:
    """Return the name of the column that says when each row was, or ""."""
    if wanted not in ("auto", "none") or wanted in frame.columns:
        return known(tuple(frame.columns), wanted, name)
    if wanted == "none" or frame.width < 2:
        return ""
    for column in frame.columns:
        cells = frame.get_column(column)
        if _is_dated(cells):
            return column
    for place, column in enumerate(frame.columns):
        moments = _moments(frame.get_column(column))
        named = column.strip().lower() in _TIME_NAMES
        if moments is None or len(moments) < 2:
            if named and as_numbers(plain(frame.get_column(column))).null_count() == len(frame):
                return column  # times in words of their own
            continue
        steps = np.diff(moments)
        if (named and (steps > 0).all()) or (
            place == 0 and (steps == 1).all()
        ):  # the second: rows that are only counted
            return column
    return ""


def _is_dated(cells: polars.Series) -> bool:
    return cells.dtype in (polars.Date, polars.Datetime) or _looks_like_dates(cells)


def _looks_like_dates(cells: polars.Series) -> bool:
    if cells.dtype != polars.String:
        return False
    some = cells.drop_nulls().head(1000)
    return bool(len(some)) and (some.str.contains(_MOMENT) | some.str.contains(_OTHER_DATE)).mean() == 1.0


def _moments(column: polars.Series) -> np.ndarray | None:
    """Return what orders the rows in time: (rows,) float64, or None when some of it cannot be read."""
    if column.dtype == polars.String and _looks_like_dates(column):
        parts = [column.str.extract(_MOMENT, place).cast(polars.Int32, strict=False) for place in range(1, 7)]
        year, month, day, hour, minute, second = parts
        if year.null_count():
            return None  # day and month may stand the other way round
        try:
            moment = polars.select(
                polars.datetime(
                    year, month, day.fill_null(1), hour.fill_null(0), minute.fill_null(0), second.fill_null(0)
                )
            ).to_series()
        except UNREADABLE:
            return None
        column = moment
    numbers = as_numbers(plain(column))
    return None if numbers.null_count() else numbers.to_numpy()
