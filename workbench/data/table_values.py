"""What stands in the cells of a table: numbers, names of categories, or nothing."""

import math
from typing import Any

import polars

MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-", "nat", "缺失", "无")
DAY = 86_400.0  # seconds
_COMMA = r"^[-+]?\d+,\d+$"


def plain(column: polars.Series) -> polars.Series:
    """Return a column as numbers (Float64) or as texts (String), with null where there is nothing.

    Truth values become texts, dates and times days since 1970. What cannot be either, such as lists, is all null.
    """
    kind = column.dtype
    if kind == polars.String:
        return column.str.strip_chars().set(column.str.strip_chars().str.to_lowercase().is_in(list(MISSING)), None)
    if kind == polars.Boolean:
        return column.cast(polars.String)
    if kind in (polars.Categorical, polars.Enum):
        return plain(column.cast(polars.String))
    if kind == polars.Date:
        return column.to_physical().cast(polars.Float64)
    if isinstance(kind, polars.Datetime):
        return column.dt.epoch("ms").cast(polars.Float64) / (1000 * DAY)
    if isinstance(kind, polars.Duration):
        return column.dt.total_milliseconds().cast(polars.Float64) / 1000
    if kind == polars.Time:
        return column.cast(polars.Int64).cast(polars.Float64) / 1e9
    if kind.is_numeric():
        numbers = column.cast(polars.Float64)
        return numbers.set(~numbers.is_finite().fill_null(value=True), None)
    return polars.Series(column.name, [None] * len(column), polars.String)


def as_numbers(column: polars.Series, *, decimal_comma: bool = False) -> polars.Series:
    """Return a plain column as finite Float64; texts that are no numbers become null."""
    if column.dtype == polars.Float64:
        return column
    text = column
    if decimal_comma:
        text = text.set(text.str.contains(_COMMA).fill_null(value=False), None).fill_null(
            text.str.replace(",", ".", literal=True)
        )
    numbers = text.cast(polars.Float64, strict=False)
    return numbers.set(~numbers.is_finite().fill_null(value=True), None)


def as_texts(column: polars.Series) -> polars.Series:
    """Return a plain column as texts: whole numbers without a point."""
    if column.dtype == polars.String:
        return column
    if column.drop_nulls().is_empty() or ((column.drop_nulls() % 1) == 0).all():
        return column.cast(polars.Int64, strict=False).cast(polars.String)
    return polars.Series(column.name, [None if value is None else text_of(value) for value in column.to_list()])


def number_of(value: Any) -> float | None:
    """Return the number that a cell stands for, None for an empty one; raises ValueError for anything else."""
    if value is None or (isinstance(value, str) and value.strip().lower() in MISSING):
        return None
    if isinstance(value, bool):
        raise ValueError(str(value))
    if isinstance(value, str):
        text = value.strip()
        number = float(text if "," not in text or "." in text else text.replace(",", "."))
    else:
        number = float(value)
    return number if math.isfinite(number) else None


def text_of(value: Any) -> str | None:
    """Return the category that a cell stands for, None for an empty one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return (
            None if not math.isfinite(value) else str(int(value)) if float(value).is_integer() else repr(float(value))
        )
    text = str(value).strip() if value is not None else ""
    return None if text.lower() in MISSING else text
