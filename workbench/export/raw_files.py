"""Files of rows as the example of an exported model reads them: by the rules of this program, without its packages."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workbench.core.errors import UserError
from workbench.data.table_sniffing import distinct, separator_of
from workbench.data.table_values import number_of


def rows_of(path: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV in UTF-8, as text by column, whatever separates its cells.

    Where its first line names none of the columns that are wanted, it is a row, and the columns are numbered from 1.
    """
    text = Path(path).read_text("utf-8-sig")
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator_of(text, ",;\t|")) if any(row)]
    names = distinct(rows[0]) if rows else ()
    if not set(columns) & set(names):
        return [{str(number): cell for number, cell in enumerate(row, 1)} for row in rows]
    return [dict(zip(names, row, strict=False)) for row in rows[1:]]


def series_of(path: str, columns: Sequence[str]) -> np.ndarray:
    """Return these columns of a CSV, or the first sequence of an .npz: (steps, columns) float32, NaN for no number.

    Raises UserError when a column is not there.
    """
    if path.endswith(".npz"):
        with np.load(path) as arrays:
            first = next(arrays[name] for name in arrays.files if name.lower() == "x")[0]
            return first.astype(np.float32).reshape(len(first), -1)
    rows = rows_of(path, columns)
    lacking = [column for column in columns if all(column not in row for row in rows)]
    if lacking:
        raise UserError(
            "{name} lacks these columns of numbers: {columns}.", name=Path(path).name, columns=", ".join(lacking)
        )
    return np.array([[_number(row.get(column)) for column in columns] for row in rows], np.float32)


def _number(cell: str | None) -> float:
    try:
        number = number_of(cell)
    except ValueError:
        return float("nan")
    return float("nan") if number is None else number
