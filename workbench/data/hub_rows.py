"""Reading the rows of Parquet files of the hub: labels at once, images and texts block by block."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars

from workbench.core.errors import UserError
from workbench.core.words import Words
from workbench.data.dataset import Skipped
from workbench.data.folders import class_order, split_named
from workbench.data.hub_columns import Columns
from workbench.data.labelled_texts import MOST_CLASSES
from workbench.data.splits import UNDECIDED

_BLOCK, _BLOCK_BYTES = 512, 32_000_000  # rows that are held in memory at a time, and about how many bytes


@dataclass(frozen=True)
class Labels:
    """What the label column says. rows (n,): places of the rows that have a label, among all rows of all files.

    targets (n,) int64: numbers in `classes`; given (n,) uint8: splits; count: of all rows.
    """

    rows: np.ndarray
    targets: np.ndarray
    given: np.ndarray
    classes: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    count: int


class ParquetSource:
    """Images in a column of Parquet files, as `Source` wants them: they can only be had one after the other."""

    def __init__(self, name: str, splits: Mapping[str, tuple[Path, ...]], columns: Columns, count: int) -> None:
        """count: of all rows."""
        self.name = name
        self.fingerprint = "\0".join(path.name for files in splits.values() for path in files).encode()
        self._splits, self._columns, self._count = splits, columns, count

    @property
    def names(self) -> Sequence[str]:
        """What the rows are called: split and number."""
        return row_names(self._splits)

    def read(self, name: str) -> bytes:
        """Raise UserError: there are no tables beside the images."""
        raise UserError("There is no file {name}.", name=name)

    def access(self, rows: np.ndarray, folder: Path) -> dict[str, Any]:
        """Return that decoding processes get the contents from their input."""
        return {"kind": "pipe"}

    def stream(self, rows: np.ndarray) -> Iterator[bytes]:
        """Return the files of the rows, which must rise, one after the other."""
        wanted = iter(rows.tolist())
        following = next(wanted, None)
        place = 0
        for block in blocks(self._splits, self._columns.sample):
            for content in contents(block):
                if place == following:
                    yield content or b""
                    following = next(wanted, None)
                place += 1


def row_names(splits: Mapping[str, tuple[Path, ...]]) -> list[str]:
    """Return what all rows are called, in order: split and number, counted from 1."""
    return [f"{split}/{number}" for split, files in splits.items() for number in range(1, _height(files) + 1)]


def blocks(splits: Mapping[str, tuple[Path, ...]], column: str) -> Iterator[polars.Series]:
    """Yield one column of all files in order, some rows at a time; one group of rows of the file is held besides."""
    for path in (path for files in splits.values() for path in files):
        scanned, count = polars.scan_parquet(path).select(column), _height([path])
        rows = max(1, min(_BLOCK, _BLOCK_BYTES * count // max(path.stat().st_size, 1)))
        for begin in range(0, count, rows):
            yield scanned.slice(begin, rows).collect()[column]


def contents(block: polars.Series) -> list[Any]:
    """Return the values of a block; of an image the bytes of its file."""
    return (block.struct.field("bytes") if isinstance(block.dtype, polars.Struct) else block).to_list()


def labels(splits: Mapping[str, tuple[Path, ...]], columns: Columns) -> Labels:
    """Read the labels of all rows; a row without one, or with one that no class has, is skipped."""
    given = np.concatenate([_given(split, _height(files)) for split, files in splits.items()])
    if not columns.label:
        nothing = np.zeros(len(given), np.int64)
        return Labels(np.arange(len(given)), nothing, given, (), (), len(given))
    files = [path for files in splits.values() for path in files]
    column = polars.concat([polars.read_parquet(path, columns=[columns.label]) for path in files])[columns.label]
    names = columns.names
    if not names:
        column = column.cast(polars.String)
        names = tuple(sorted((name for name in column.unique().to_list() if name), key=class_order))
        _require_few(columns.label, names)
        numbers = column.replace_strict(list(names), list(range(len(names))), default=-1, return_dtype=polars.Int64)
    elif column.dtype == polars.String:
        numbers = column.replace_strict(list(names), list(range(len(names))), default=-1, return_dtype=polars.Int64)
    else:
        numbers = column.cast(polars.Int64).fill_null(-1)
    targets = numbers.to_numpy()
    right = (targets >= 0) & (targets < len(names))
    missing = np.flatnonzero(~right)
    called = row_names(splits) if len(missing) else []
    skipped = tuple(Skipped(called[row], Words("It has no label.")) for row in missing.tolist())
    rows = np.flatnonzero(right)
    if not len(rows):
        raise UserError(
            "No row has a label in the column {column}.",
            hint="Choose another label column, or none.",
            column=columns.label,
        )
    return Labels(rows, targets[rows].astype(np.int64), given[rows], names, skipped, len(given))


def _height(files: Sequence[Path]) -> int:
    return sum(int(polars.scan_parquet(path).select(polars.len()).collect().item()) for path in files)


def _given(split: str, count: int) -> np.ndarray:
    number = split_named(split)
    return np.full(count, UNDECIDED if number is None else number, np.uint8)


def _require_few(column: str, names: Sequence[str]) -> None:
    if len(names) > MOST_CLASSES:
        raise UserError(
            "The column {column} has {count} different values, too many to tell apart.",
            hint="Choose another label column, or none.",
            column=column,
            count=f"{len(names):,}",
        )
