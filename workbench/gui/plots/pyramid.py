"""Ten million points drawn from a few thousand: least, greatest and mean values of blocks, kept as points come."""

import numpy as np

from workbench.gui.plots.grown import Grown

FACTOR = 4
_KEPT_WRONG = 1000  # steps of values that are not finite, kept for their marks
_LOWEST = 2  # the first level that is kept: what lies below is quickly made of the few points that are then asked for
_AT_ONCE = 1 << 15  # points built in one go: their arrays stay in the processor's cache


class _Level:
    """Blocks of the level below: least, greatest, sum and count of the finite values."""

    def __init__(self) -> None:
        self.parts = Grown(), Grown(), Grown(), Grown(np.int32)

    def extend(self, blocks: tuple[np.ndarray, ...]) -> None:
        for array, values in zip(self.parts, blocks, strict=True):
            array.extend(values.astype(array.kind, copy=False))

    def blocks(self, start: int, stop: int) -> tuple[np.ndarray, ...]:
        return tuple(part.part(start, stop) for part in self.parts)

    def cut(self, length: int) -> None:
        for part in self.parts:
            part.cut(length)

    def __len__(self) -> int:
        return len(self.parts[0])


class Pyramid:
    """A series of (step, value) that grows at its end; steps rise, and values need not be finite."""

    def __init__(self) -> None:
        self._steps, self._values = Grown(), Grown()
        self._levels: list[_Level] = []
        self._wrong: list[float] = []

    def __len__(self) -> int:
        return len(self._values)

    @property
    def steps(self) -> np.ndarray:
        """The steps, float64 (n,): a copy."""
        return self._steps.part(0, len(self)).astype(np.float64)

    @property
    def values(self) -> np.ndarray:
        """The values as they came, float64 (n,): a copy."""
        return self._values.part(0, len(self)).astype(np.float64)

    @property
    def wrong(self) -> np.ndarray:
        """The steps of values that are not finite; the first thousand of them."""
        return np.asarray(self._wrong)

    def point(self, place: int) -> tuple[float, float]:
        """Return the (step, value) at `place`, counted from the end when it is negative."""
        return self._steps.one(place), self._values.one(place)

    def steps_at(self, places: np.ndarray) -> np.ndarray:
        """Return the steps at these places, float64."""
        return self._steps.at(places).astype(np.float64)

    def extend(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Add points at the end; raises ValueError when there are not as many steps as values.

        Points whose steps lie before the last one are sorted in, which costs a rebuild. Large arrays of uint32 steps
        and float32 values are kept, not copied: nobody may write into them.
        """
        steps, values = _of_kind(steps, np.uint32), _of_kind(values, np.float32)
        if len(steps) != len(values):
            raise ValueError(f"{len(steps)} steps and {len(values)} values")
        if not len(steps):
            return
        last = self._steps.one(-1) if len(self) else -np.inf
        if steps[0] < last or not _rises(steps):
            steps, values = np.concatenate([self.steps, steps]), np.concatenate([self.values, values])
            order = np.argsort(steps, kind="stable")
            self.__init__()
            steps, values = steps[order], values[order]
        if not len(self):
            self._steps, self._values = Grown(steps.dtype), Grown(values.dtype)
        self._steps.extend(steps)
        self._values.extend(values)
        self._build()

    def cut(self, step: float) -> None:
        """Forget the points beyond `step`."""
        length = self._steps.place_of(step, "right")
        self._steps.cut(length)
        self._values.cut(length)
        for number, level in enumerate(self._levels, _LOWEST):
            level.cut(length // FACTOR**number)
        self._wrong = [wrong for wrong in self._wrong if wrong <= step]

    def range_of(self, first: float, last: float) -> tuple[int, int]:
        """Return the indices [start, stop) of the points from step `first` to `last`, one more on either side."""
        start, stop = self._steps.place_of(first, "left"), self._steps.place_of(last, "right")
        return max(0, start - 1), min(len(self), stop + 1)

    def envelope(self, start: int, stop: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (steps, least, greatest) of at most about `most` blocks that cover the points [start, stop)."""
        starts, _, (low, high, _, _) = self._cover(start, stop, most)
        return self.steps_at(starts), low, high

    def totals(self, start: int, stop: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return (first index, sum, count of finite values, points) of blocks that cover [start, stop)."""
        starts, sizes, (_, _, total, count) = self._cover(start, stop, most)
        return starts, total, count, sizes

    def at(self, step: float) -> tuple[float, float] | None:
        """Return the (step, value) of the point nearest to `step`."""
        if not len(self):
            return None
        after = min(self._steps.place_of(step, "left"), len(self) - 1)
        before = max(0, after - 1)
        near = before if step - self._steps.one(before) < self._steps.one(after) - step else after
        return self.point(near)

    def _build(self) -> None:
        """Make the blocks that have become whole, from the lowest level up."""
        size = FACTOR**_LOWEST
        done, whole = len(self._level(_LOWEST)) * size, len(self) // size * size
        made = [
            _blocks_of(self._values.part(start, min(start + _AT_ONCE, whole)), size)
            for start in range(done, whole, _AT_ONCE)
        ]
        if made:
            self._level(_LOWEST).extend(tuple(np.concatenate(parts) for parts in zip(*made, strict=True)))
        for start in range(done, len(self), _AT_ONCE) if len(self._wrong) < _KEPT_WRONG else ():
            self._note_wrong(start, min(start + _AT_ONCE, len(self)))
        number, below = _LOWEST + 1, len(self._level(_LOWEST))
        while below >= FACTOR:
            level = self._level(number)
            done, whole = len(level), below // FACTOR
            if whole > done:
                low, high, total, count = self._level(number - 1).blocks(done * FACTOR, whole * FACTOR)
                level.extend(
                    (
                        _pairwise(np.fmin, low),
                        _pairwise(np.fmax, high),
                        _pairwise(np.add, total),
                        _pairwise(np.add, count),
                    )
                )
            number, below = number + 1, len(level)

    def _level(self, number: int) -> _Level:
        while len(self._levels) <= number - _LOWEST:
            self._levels.append(_Level())
        return self._levels[number - _LOWEST]

    def _note_wrong(self, start: int, stop: int) -> None:
        """Keep the steps of these points whose values are not finite, unless that was done."""
        finite = np.isfinite(self._values.part(start, stop))
        if finite.all():
            return
        steps = self.steps_at(np.flatnonzero(~finite) + start)
        last = self._wrong[-1] if self._wrong else -np.inf
        self._wrong.extend(steps[steps > last][: _KEPT_WRONG - len(self._wrong)].tolist())

    def _blocks(self, number: int, start: int, stop: int) -> tuple[np.ndarray, ...]:
        """Return least, greatest, sum and count of blocks of FACTOR**number points; for 0, of the points themselves."""
        if number >= _LOWEST:
            return self._levels[number - _LOWEST].blocks(start, stop)
        size = FACTOR**number
        return _blocks_of(self._values.part(start * size, stop * size), size)

    def _whole(self, number: int) -> int:
        """Return how many blocks of a level are whole."""
        return len(self) // FACTOR**number

    def _cover(self, start: int, stop: int, most: int) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
        """Return first indices, sizes and contents of blocks: coarse ones, then finer ones for the end."""
        number = 0
        while self._whole(number + 1) and (stop - start) / FACTOR**number > max(1, most):
            number += 1
        starts, sizes, parts = [], [], []
        place = start // FACTOR**number * FACTOR**number
        while place < stop:
            size = FACTOR**number
            first, last = place // size, min(-(-stop // size), self._whole(number))
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
        if len(starts) == 1:
            return starts[0], sizes[0], parts[0]
        contents = tuple(np.concatenate([part[column] for part in parts]) for column in range(4))
        return np.concatenate(starts), np.concatenate(sizes), contents


def _blocks_of(values: np.ndarray, size: int) -> tuple[np.ndarray, ...]:
    """Return least, greatest, sum and count of the finite values in blocks of `size`; NaN where there is none."""
    if size == 1:
        values = values.astype(np.float64)
        finite = np.isfinite(values)
        clean = values if finite.all() else np.where(finite, values, np.nan)
        return clean, clean, np.where(finite, values, 0.0), finite.astype(np.int64)
    table = np.empty((size, len(values) // size))  # one row for each place in a block: reductions run along its columns
    table[:] = values.reshape(-1, size).T
    total = _summed(table)
    if np.isfinite(total).all():
        return np.minimum.reduce(table), np.maximum.reduce(table), total, np.full(len(total), size)
    finite = np.isfinite(table)
    clean = np.where(finite, table, np.nan)
    return np.fmin.reduce(clean), np.fmax.reduce(clean), np.where(finite, table, 0.0).sum(axis=0), finite.sum(axis=0)


def _summed(table: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is found by what it leaves here
        return np.add.reduce(table)


def _pairwise(combine: np.ufunc, values: np.ndarray) -> np.ndarray:
    """Return `combine` over every FACTOR values; a reduction along so short an axis is ten times slower."""
    return combine(combine(values[0::4], values[1::4]), combine(values[2::4], values[3::4]))


def _rises(steps: np.ndarray) -> bool:
    """Return whether no step lies before the one ahead of it."""
    starts = range(0, len(steps), _AT_ONCE)
    return all(
        bool((steps[at + 1 : at + _AT_ONCE + 1] >= steps[at : at + _AT_ONCE][: len(steps) - at - 1]).all())
        for at in starts
    )


def _of_kind(values: np.ndarray, small: type) -> np.ndarray:
    """Return values as they are when they are of the small kind that runs are written in, else as float64."""
    values = np.asarray(values).ravel() if np.ndim(values) != 1 else np.asarray(values)
    return values if values.dtype == small else values.astype(np.float64)
