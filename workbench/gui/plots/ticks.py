"""Round figures for an axis."""

import math


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most about `most` multiples of 1, 2 or 5 times a power of ten, from below `low` to above `high`."""
    span = max(high - low, 1e-12)
    rough = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, last + 1)]
