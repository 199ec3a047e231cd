"""Exponential smoothing that ignores what is not finite and is not drawn towards zero at the beginning."""

import numpy as np

REACH = 400  # a longer series is smoothed as if it had so many points, so that the look does not depend on its length


def smoothed(totals: np.ndarray, counts: np.ndarray, sizes: np.ndarray, weight: float, length: int) -> np.ndarray:
    """Return the exponential means of blocks of points, NaN before the first finite one.

    totals, counts, sizes (n,): sum and number of finite values, and number of points, of each block. weight: 0 to 0.99,
    how much of the past stays from one point to the next. length: points of the whole series. Each mean is divided by
    the weights that went into it (the bias correction of Adam, Kingma and Ba 2015).
    """
    if weight <= 0:
        with np.errstate(invalid="ignore"):
            return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
    per_point = weight ** min(1.0, REACH / max(1, length))
    size = float(np.median(sizes)) if len(sizes) else 1.0
    decay = per_point**size
    above, below = decayed_sums(totals, decay), decayed_sums(counts.astype(np.float64), decay)
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def warm_up(weight: float, length: int) -> int:
    """Return how many points before the first shown one still matter."""
    if weight <= 0:
        return 0
    per_point = weight ** min(1.0, REACH / max(1, length))
    return int(np.ceil(7 / -np.log(per_point)))


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
