"""Exponential smoothing that ignores what is not finite and is not drawn towards zero at the beginning."""

import numpy as np

REACH = 400  # a longer series is smoothed as if it had so many points, so that the look does not depend on its length


def smoothed(
    totals: np.ndarray,
    counts: np.ndarray,
    sizes: np.ndarray,
    weight: float,
    length: int,
    past: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """Return the exponential means of blocks of points, NaN before the first finite one.

    totals, counts, sizes (n,): sum and number of finite values, and number of points, of each block; at the end they
    may be smaller than at the beginning. weight: 0 to 0.99, how much of the past stays from one point to the next.
    length: points of the whole series. past: what `remembered` returns of the blocks before. Each mean is divided by
    the weights that went into it (the bias correction of Adam, Kingma and Ba 2015).
    """
    if weight <= 0:
        with np.errstate(invalid="ignore"):
            return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
    above, below = (
        _decayed(np.asarray(values, dtype=np.float64), sizes, _per_point(weight, length), before)
        for values, before in zip((totals, counts), past, strict=True)
    )
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def remembered(
    totals: np.ndarray, counts: np.ndarray, sizes: np.ndarray, weight: float, length: int
) -> tuple[float, float]:
    """Return what these blocks leave to those that follow: the sums of values and of weights, decayed to their end."""
    left = np.cumsum(sizes[::-1])[::-1] - sizes  # points from the end of each block to the end of all
    decays = _per_point(weight, length) ** left
    return float(totals @ decays), float(counts @ decays)


def _per_point(weight: float, length: float) -> float:
    if length > REACH:  # in steps, so that what is drawn already stays as it is while points arrive
        length = REACH * 1.1 ** round(np.log(length / REACH) / np.log(1.1))
    return weight ** min(1.0, REACH / max(1, length))


def _decayed(values: np.ndarray, sizes: np.ndarray, per_point: float, before: float) -> np.ndarray:
    """Return the decayed sums of blocks: those of one size at once, and the few smaller ones at the end by turns."""
    alike = int(np.argmax(sizes != sizes[0])) if len(sizes) and (sizes != sizes[0]).any() else len(sizes)
    if not alike:
        return values.copy()
    decay = per_point ** float(sizes[0])
    sums = np.empty(len(values))
    sums[:alike] = decayed_sums(values[:alike], decay) + before * decay ** np.arange(1, alike + 1)
    running = float(sums[alike - 1])
    for place in range(alike, len(values)):
        running = running * per_point ** float(sizes[place]) + float(values[place])
        sums[place] = running
    return sums


def warm_up(weight: float, length: int) -> int:
    """Return how many points before the first shown one still matter."""
    if weight <= 0:
        return 0
    return int(np.ceil(7 / -np.log(_per_point(weight, length))))


def decayed_sums(values: np.ndarray, decay: float) -> np.ndarray:
    """Return y with y[t] = values[t] + decay · y[t-1], without a loop over the points."""
    values = np.asarray(values, dtype=np.float64)
    if decay < 0.0025 or len(values) < 2:  # two points back it is below a hundred-thousandth
        result = values.copy()
        result[1:] += decay * values[:-1]
        return result
    length = min(len(values), int(-12 / np.log(decay)))  # powers within a row stay within e^12, so nothing is lost
    rows = -(-len(values) // length)
    table = np.zeros(rows * length)
    table[: len(values)] = values
    table = table.reshape(rows, length)
    powers = decay ** np.arange(length)
    sums = np.cumsum(table / powers, axis=1) * powers
    if rows > 1:
        ends = decayed_sums(sums[:-1, -1], decay**length)
        sums[1:] += ends[:, None] * powers * decay
    return sums.ravel()[: len(values)]
