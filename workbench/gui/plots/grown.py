"""Arrays that grow at their end."""

import numpy as np

_LARGE = 1 << 18  # values that come at once and are kept where they lie: to copy them takes longer than to use them
_MOST = np.iinfo(np.uint32).max


class Grown:
    """An array that grows at its end, doubling its memory; a first large part stays where it is."""

    def __init__(self, kind: type | np.dtype = np.float64) -> None:
        self.kind = np.dtype(kind)
        self._head = self._memory = np.empty(0, self.kind)
        self._tail = 0

    def __len__(self) -> int:
        return len(self._head) + self._tail

    def extend(self, values: np.ndarray) -> None:
        """Add values at the end; those that do not fit into the kind of the others make all of them float64."""
        if values.dtype != self.kind and not np.can_cast(values.dtype, self.kind, "safe"):
            self.kind = np.dtype(np.float64)
            self._head, self._memory = self._head.astype(self.kind), self._memory.astype(self.kind)
        if not len(self) and len(values) >= _LARGE and values.dtype == self.kind:
            self._head = values
            return
        needed = self._tail + len(values)
        if needed > len(self._memory):
            larger = np.empty(max(needed, 2 * len(self._memory), 64), self.kind)
            larger[: self._tail] = self._memory[: self._tail]
            self._memory = larger
        self._memory[self._tail : needed] = values
        self._tail = needed

    def cut(self, length: int) -> None:
        """Keep the first `length` values alone."""
        self._tail = max(0, min(self._tail, length - len(self._head)))
        self._head = self._head[:length]

    def part(self, start: int, stop: int) -> np.ndarray:
        """Return the values [start, stop); no copy, except where the first part and what came later meet."""
        split = len(self._head)
        if stop <= split:
            return self._head[start:stop]
        after = self._memory[max(0, start - split) : min(stop - split, self._tail)]
        return after if start >= split else np.concatenate([self._head[start:], after])

    def at(self, places: np.ndarray) -> np.ndarray:
        """Return the values at these places."""
        split = len(self._head)
        if not split:
            return self._memory[places]
        if not self._tail:
            return self._head[places]
        found = self._head[np.minimum(places, split - 1)]
        later = places >= split
        found[later] = self._memory[places[later] - split]
        return found

    def one(self, place: int) -> float:
        """Return the value at `place`, counted from the end when it is negative."""
        place = place + len(self) if place < 0 else place
        split = len(self._head)
        return float(self._head[place] if place < split else self._memory[place - split])

    def place_of(self, value: float, side: str) -> int:
        """Return where `value` would stand among rising values, to the "left" or "right" of its equals."""
        if self.kind == np.uint32:  # a key of another kind would have the whole array converted
            value = np.ceil(value) if side == "left" else np.floor(value)
            if value < 0:
                return 0
            if value > _MOST:
                return len(self)
        key, split = self.kind.type(value), len(self._head)
        place = int(np.searchsorted(self._head, key, side))  # type: ignore[call-overload]
        if place < split or not self._tail:
            return place
        return split + int(np.searchsorted(self._memory[: self._tail], key, side))  # type: ignore[call-overload]
