"""Ten million points drawn from a few thousand: least, greatest and mean values of blocks, kept as points come."""

import numpy as np

FACTOR = 4
_KEPT_WRONG = 1000  # steps of values that are not finite, kept for their marks
_AT_ONCE = 1 << 17  # points built in one go: their arrays stay in the processor's cache


class _Grown:
    """An array that grows at its end, doubling its memory."""

    def __init__(self, kind: type = np.float64) -> None:
        self._memory = np.empty(64, dtype=kind)
        self.size = 0

    def extend(self, values: np.ndarray) -> None:
        needed = self.size + len(values)
        if needed > len(self._memory):
            larger = np.empty(max(needed, 2 * len(self._memory)), dtype=self._memory.dtype)
            larger[: self.size] = self._memory[: self.size]
            self._memory = larger
        self._memory[self.size : needed] = values
        self.size = needed

    @property
    def array(self) -> np.ndarray:
        return self._memory[: self.size]


class _Level:
    """Blocks of FACTOR of the level below: least, greatest, sum and count of the finite values."""

    def __init__(self) -> None:
        self.low, self.high, self.sum = _Grown(), _Grown(), _Grown()
        self.count = _Grown(np.int64)

    def extend(self, low: np.ndarray, high: np.ndarray, total: np.ndarray, count: np.ndarray) -> None:
        for array, values in ((self.low, low), (self.high, high), (self.sum, total), (self.count, count)):
            array.extend(values)

    def blocks(self, start: int, stop: int) -> tuple[np.ndarray, ...]:
        return tuple(part.array[start:stop] for part in (self.low, self.high, self.sum, self.count))

    @property
    def size(self) -> int:
        return self.low.size


class Pyramid:
    """A series of (step, value) that grows at its end; steps rise, and values need not be finite."""

    def __init__(self) -> None:
        self._steps, self._values = _Grown(), _Grown()
        self._levels: list[_Level] = []
        self._wrong: list[float] = []

    def __len__(self) -> int:
        return self._steps.size

    @property
    def steps(self) -> np.ndarray:
        """The steps, float64 (n,)."""
        return self._steps.array

    @property
    def values(self) -> np.ndarray:
        """The values as they came, float64 (n,)."""
        return self._values.array

    @property
    def wrong(self) -> np.ndarray:
        """The steps of values that are not finite; the first thousand of them."""
        return np.asarray(self._wrong)

    def extend(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Add points at the end; raises ValueError when there are not as many steps as values.

        Points whose steps lie before the last one are sorted in, which costs a rebuild.
        """
        steps, values = np.asarray(steps, dtype=np.float64).ravel(), np.asarray(values, dtype=np.float64).ravel()
        if len(steps) != len(values):
            raise ValueError(f"{len(steps)} steps and {len(values)} values")
        if not len(steps):
            return
        last = self.steps[-1] if len(self) else -np.inf
        if steps[0] < last or np.any(np.diff(steps) < 0):
            steps, values = np.concatenate([self.steps, steps]), np.concatenate([self.values, values])
            order = np.argsort(steps, kind="stable")
            self.__init__()
            steps, values = steps[order], values[order]
        self._steps.extend(steps)
        for start in range(0, len(values), _AT_ONCE):
            part = values[start : start + _AT_ONCE]
            self._values.extend(part)
            if len(self._wrong) < _KEPT_WRONG and not (finite := np.isfinite(part)).all():
                self._wrong.extend(steps[start : start + _AT_ONCE][~finite][: _KEPT_WRONG - len(self._wrong)].tolist())
            self._build()

    def range_of(self, first: float, last: float) -> tuple[int, int]:
        """Return the indices [start, stop) of the points from step `first` to `last`, one more on either side."""
        start = int(np.searchsorted(self.steps, first, side="left"))
        stop = int(np.searchsorted(self.steps, last, side="right"))
        return max(0, start - 1), min(len(self), stop + 1)

    def envelope(self, start: int, stop: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (steps, least, greatest) of at most about `most` blocks that cover the points [start, stop)."""
        starts, _, (low, high, _, _) = self._cover(start, stop, most)
        return self.steps[starts], low, high

    def totals(self, start: int, stop: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return (first index, sum, count of finite values, points) of blocks that cover [start, stop)."""
        starts, sizes, (_, _, total, count) = self._cover(start, stop, most)
        return starts, total, count, sizes

    def at(self, step: float) -> tuple[float, float] | None:
        """Return the (step, value) of the point nearest to `step`."""
        if not len(self):
            return None
        after = min(int(np.searchsorted(self.steps, step)), len(self) - 1)
        before = max(0, after - 1)
        near = before if step - self.steps[before] < self.steps[after] - step else after
        return float(self.steps[near]), float(self.values[near])

    def _build(self) -> None:
        number, below = 0, len(self)
        while below >= FACTOR:
            if number == len(self._levels):
                self._levels.append(_Level())
            level = self._levels[number]
            done, whole = level.size * FACTOR, below // FACTOR * FACTOR
            if whole > done:
                low, high, total, count = self._blocks(number, done, whole)
                level.extend(
                    _pairwise(np.fmin, low),
                    _pairwise(np.fmax, high),
                    _pairwise(np.add, total),
                    _pairwise(np.add, count),
                )
            number, below = number + 1, level.size

    def _blocks(self, number: int, start: int, stop: int) -> tuple[np.ndarray, ...]:
        """Return least, greatest, sum and count of blocks of FACTOR**number points; for 0, of the points themselves."""
        if number:
            return self._levels[number - 1].blocks(start, stop)
        values = self.values[start:stop]
        finite = np.isfinite(values)
        clean = np.where(finite, values, np.nan)
        return clean, clean, np.where(finite, values, 0.0), finite.astype(np.int64)

    def _cover(self, start: int, stop: int, most: int) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
        """Return first indices, sizes and contents of blocks: coarse ones, then finer ones for the end."""
        number = 0
        while number < len(self._levels) and (stop - start) / FACTOR**number > max(1, most):
            number += 1
        starts, sizes, parts = [], [], []
        place = start // FACTOR**number * FACTOR**number
        while place < stop:
            size = FACTOR**number
            first, last = place // size, min(-(-stop // size), self._levels[number - 1].size if number else len(self))
            if last > first:
                starts.append(np.arange(first, last) * size)
                sizes.append(np.full(last - first, size))
                parts.append(self._blocks(number, first, last))
                place = last * size
            if number == 0:
                break
            number -= 1
        if not starts:
            empty = np.empty(0)
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), (empty, empty, empty, empty)
        contents = tuple(np.concatenate([part[column] for part in parts]) for column in range(4))
        return np.concatenate(starts), np.concatenate(sizes), contents


def _pairwise(combine: np.ufunc, values: np.ndarray) -> np.ndarray:
    """Return `combine` over every FACTOR values; a reduction along so short an axis is ten times slower."""
    return combine(combine(values[0::4], values[1::4]), combine(values[2::4], values[3::4]))
