"""Rows of numbers in a file: written piece by piece, and read a few at a time without ever loading the whole.

The file is a .npy, so that numpy opens it too. Rows are read by plain reads, which cost the reader no memory beyond
what was asked for; a memory map would be counted against a process that is watched.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

_HEADER = 128  # bytes kept for the header, whose numbers are known last
_DENSE = 4  # rows are read in one piece when the gaps between them are not larger than this, on average
_PIECE = 1 << 22  # bytes of such a piece, at most


class RowWriter:
    """Writes an (N, …) array whose N is not known before; used as a context."""

    def __init__(self, path: Path, dtype: Any, columns: tuple[int, ...] = ()) -> None:
        """columns: the shape of one row."""
        self._dtype = np.dtype(dtype)
        self._columns = columns
        self._file: BinaryIO = path.open("wb")
        self._file.write(bytes(_HEADER))
        self.count = 0

    def append(self, rows: np.ndarray) -> None:
        """Add rows (n, …)."""
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self.count += len(rows)

    def __enter__(self) -> "RowWriter":
        return self

    def __exit__(self, *error: object) -> None:
        shape = (self.count, *self._columns)
        plain = {"descr": npy.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        text = repr(plain).encode("ascii")
        room = _HEADER - npy.MAGIC_LEN - 2  # two bytes say how long the text is
        header = npy.magic(1, 0) + room.to_bytes(2, "little") + text + b" " * (room - len(text) - 1) + b"\n"
        self._file.seek(0)
        self._file.write(header)
        self._file.close()


class RowFile:
    """The rows of a .npy file, like an array of which only what is asked for is read."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            npy.read_magic(file)
            shape, fortran, dtype = npy.read_array_header_1_0(file)
            self._begin = file.tell()
        if fortran or not shape:
            raise ValueError(f"{path.name} does not hold rows")
        self.path = path
        self.shape: tuple[int, ...] = tuple(int(side) for side in shape)
        self.dtype: np.dtype = dtype
        self._width = int(np.prod(self.shape[1:], dtype=np.int64)) * dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return the rows of a slice, of one number, or of an array of numbers (n,), in its order."""
        if isinstance(rows, slice):
            begin, end, step = rows.indices(len(self))
            if step == 1:
                return self._read([(begin, max(begin, end))])
            return self[np.arange(begin, end, step)]
        if np.ndim(rows) == 0:
            return self[np.array([int(rows)])][0]
        wanted = np.asarray(rows, np.int64).ravel()
        if len(wanted) and (wanted.min() < -len(self) or wanted.max() >= len(self)):
            raise IndexError(f"{self.path.name} has {len(self)} rows")
        wanted = np.where(wanted < 0, wanted + len(self), wanted)
        different, places = np.unique(wanted, return_inverse=True)
        found = self._chosen(different)[places]
        return found.reshape(*np.shape(rows), *self.shape[1:])

    def __reduce__(self) -> tuple[Any, ...]:
        return (RowFile, (self.path,))

    def _chosen(self, rows: np.ndarray) -> np.ndarray:
        """Return rising rows; neighbours are read in one piece, with what lies between them."""
        if not len(rows):
            return np.empty((0, *self.shape[1:]), self.dtype)
        longest = max(_PIECE // max(self._width, 1), 1)
        if rows[-1] - rows[0] < min(_DENSE * len(rows), longest):
            return self._read([(int(rows[0]), int(rows[-1]) + 1)])[rows - rows[0]]
        cuts = np.flatnonzero(np.diff(rows) != 1) + 1
        firsts = rows[np.concatenate(([0], cuts))]
        lasts = rows[np.concatenate((cuts - 1, [len(rows) - 1]))]
        return self._read(zip(firsts.tolist(), (lasts + 1).tolist(), strict=True), len(rows))

    def _read(self, stretches: Iterable[tuple[int, int]], count: int = -1) -> np.ndarray:
        stretches = list(stretches)
        count = sum(end - begin for begin, end in stretches) if count < 0 else count
        result = np.empty((count, *self.shape[1:]), self.dtype)
        if not result.size:
            return result
        space = memoryview(result.reshape(-1).view(np.uint8))  # pyright: ignore[reportArgumentType]
        done = 0
        with self.path.open("rb", buffering=0) as file:
            for begin, end in stretches:
                file.seek(self._begin + begin * self._width)
                done = _filled(file, space, done, done + (end - begin) * self._width)
        return result


def _filled(file: Any, space: memoryview, done: int, end: int) -> int:
    while done < end:
        read = file.readinto(space[done:end])
        if not read:
            raise OSError(f"{os.path.basename(file.name)} ends too early")
        done += read
    return done
