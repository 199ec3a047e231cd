"""Splits of a table, in memory while it is small, and in files of the cache when there are too many rows for that."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.signature import SPLITS
from workbench.data import cache
from workbench.data.dataset import Split
from workbench.data.row_file import RowFile, RowWriter
from workbench.data.splits import TEST, TRAINING, UNDECIDED, VALIDATION, dealt

LARGE = 2_000_000  # rows from which on nothing of that length is held in memory
_BLOCK = 1 << 18  # rows dealt out at a time
_KEPT = 3  # ways of dealing out whose files stay


class RowNames(Sequence[str]):
    """What rows are called: the file and the line (of CSV) or the row in it, counted from 1."""

    def __init__(self, files: Sequence[str], starts: Sequence[int], first: int, rows: Any) -> None:
        """starts: the row of the whole table with which each file begins. first: the number of a file's first row.

        rows: (N,) which row of the whole table each is, as an array or RowFile.
        """
        self._files = files
        self._starts = np.asarray(starts, np.int64)
        self._first = first
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self.of_row(row) for row in self._rows[place].tolist()]
        return self.of_row(int(self._rows[int(place)]))

    def of_row(self, row: int) -> str:
        """Return what a row of the whole table is called, from 0."""
        file = int(np.searchsorted(self._starts, row, "right")) - 1
        return f"{self._files[file]}:{row - int(self._starts[file]) + self._first}"


class Chosen(Sequence[str]):
    """The names of some rows, looked up when asked for."""

    def __init__(self, names: RowNames, index: np.ndarray) -> None:
        self._names = names
        self._index = index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self._names[int(row)] for row in self._index[place]]
        return self._names[int(self._index[place])]


def dealt_out(
    folder: Path, names: RowNames, *, shares: tuple[float, float], seed: int, stratify: bool
) -> dict[str, Split]:
    """Return the splits of the table in `folder`, which gets splits.npy.

    shares: for validation and test. stratify: every class gets its share in each split. A large table is dealt out by
    chance row by row, block after block, and its index and targets are read from files, through memory maps.
    """
    inputs = RowFile(folder / "inputs.npy")
    if len(inputs) >= LARGE:
        return _from_files(folder, inputs, names, shares, seed)
    targets, given = np.load(folder / "targets.npy"), np.load(folder / "given.npy")
    classes = targets if stratify else np.zeros(len(targets), np.int64)
    splits = dealt(classes, given, validation=shares[0], test=shares[1], seed=seed)
    cache.replace_array(folder / "splits.npy", splits)
    index = [np.flatnonzero(splits == number) for number in range(len(SPLITS))]
    return {
        split: Split(inputs, rows, targets[rows], Chosen(names, rows))
        for split, rows in zip(SPLITS, index, strict=True)
    }


def _from_files(
    folder: Path, inputs: RowFile, names: RowNames, shares: tuple[float, float], seed: int
) -> dict[str, Split]:
    way = cache.key("splits", *shares, seed)[:12]
    files = {split: (folder / f"{way}-{split}-index.npy", folder / f"{way}-{split}-targets.npy") for split in SPLITS}
    if not all(path.is_file() for pair in files.values() for path in pair):
        _write(folder, way, shares, seed)
        _forget_old(folder, way)
    found = {}
    for split, (index, targets) in files.items():
        rows = np.load(index, mmap_mode="r")
        found[split] = Split(inputs, rows, np.load(targets, mmap_mode="r"), Chosen(names, rows))
    return found


def _write(folder: Path, way: str, shares: tuple[float, float], seed: int) -> None:
    """Write index and targets of every split, (n,) int32 and (n, …), reading the targets block by block."""
    targets, given = RowFile(folder / "targets.npy"), RowFile(folder / "given.npy")
    brings = _splits_brought(given)
    wanted = [0.0 if brings[split] else share for split, share in zip((VALIDATION, TEST), shares, strict=True)]
    kind = np.int32 if len(targets) < 2**31 else np.int64
    beside = {(split, what): folder / f".{way}-{split}-{what}.npy" for split in SPLITS for what in ("index", "targets")}
    indexes = [RowWriter(beside[split, "index"], kind) for split in SPLITS]
    values = [RowWriter(beside[split, "targets"], targets.dtype, targets.shape[1:]) for split in SPLITS]
    with RowWriter(folder / f".{way}-splits.npy", np.uint8) as all_splits:
        for number, begin in enumerate(range(0, len(targets), _BLOCK)):
            some = slice(begin, begin + _BLOCK)
            splits = _by_chance(given[some], wanted, np.random.Generator(np.random.PCG64([seed, number])))
            all_splits.append(splits)
            block = targets[some]
            for split in (TRAINING, VALIDATION, TEST):
                rows = np.flatnonzero(splits == split)
                indexes[split].append((begin + rows).astype(kind))
                values[split].append(block[rows])
    for writer in (*indexes, *values):
        writer.__exit__()
    for (split, what), path in beside.items():
        path.replace(folder / f"{way}-{split}-{what}.npy")
    (folder / f".{way}-splits.npy").replace(folder / "splits.npy")


def _by_chance(given: np.ndarray, wanted: list[float], random: np.random.Generator) -> np.ndarray:
    splits = given.copy()
    luck = random.random(len(given))
    free = (splits == UNDECIDED) | (splits == TRAINING)
    splits[free] = TRAINING
    splits[free & (luck < wanted[0])] = VALIDATION
    splits[free & (luck >= 1 - wanted[1])] = TEST
    return splits


def _splits_brought(given: RowFile) -> dict[int, bool]:
    found = np.zeros(256, bool)
    for begin in range(0, len(given), _BLOCK):
        found[np.unique(given[begin : begin + _BLOCK])] = True
    return {split: bool(found[split]) for split in (VALIDATION, TEST)}


def _forget_old(folder: Path, way: str) -> None:
    """Remove files of ways of dealing out that were not used lately; who still reads one keeps it on most systems."""
    ways = {path.name.split("-")[0]: path.stat().st_mtime for path in folder.glob("*-training-index.npy")}
    for old in sorted(set(ways) - {way}, key=lambda name: -ways[name])[_KEPT - 1 :]:
        for path in folder.glob(f"{old}-*.npy"):
            try:
                path.unlink()
            except OSError:  # in use, on a system that minds
                return
