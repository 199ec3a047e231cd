"""The columns of a screen: what blocks of points come to, pixel by pixel, and the rectangles and lines that show it."""

from dataclasses import dataclass

import numpy as np

FAR = 1e6  # pixels: what lies farther outside is drawn from here, for a raster counts in small whole numbers
_BROAD = 16  # columns that are drawn together where they can be


@dataclass
class Columns:
    """Columns that have points, from left to right: x, least y, greatest y, and the number of their unbroken line."""

    x: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    line: np.ndarray

    @property
    def height(self) -> np.ndarray:
        return self.bottom - self.top

    def reaching(self) -> "Columns":
        """Return columns that reach their left neighbours, where the line is not broken between."""
        joined = self.line[1:] == self.line[:-1]
        top, bottom = self.top.copy(), self.bottom.copy()
        top[1:] = np.where(joined, np.minimum(top[1:], self.bottom[:-1]), top[1:])
        bottom[1:] = np.where(joined, np.maximum(bottom[1:], self.top[:-1]), bottom[1:])
        return Columns(self.x, top, bottom, self.line)

    def where(self, chosen: np.ndarray) -> "Columns":
        """Return some of the columns."""
        return Columns(self.x[chosen], self.top[chosen], self.bottom[chosen], self.line[chosen])


def columns_of(x: np.ndarray, first: np.ndarray, second: np.ndarray, broad: int = 1) -> Columns:
    """Return the columns, each so many pixels broad, that blocks from y `first` to y `second` begin in.

    Of a block one y may be NaN; where both are, the line is broken.
    """
    x, first, second = (np.minimum(np.maximum(pixels, -FAR), FAR) for pixels in (x, first, second))
    place = np.floor(x / broad)
    begins = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]]))
    top = np.fmin.reduceat(np.fmin(first, second), begins)
    bottom = np.fmax.reduceat(np.fmax(first, second), begins)
    finite = ~np.isnan(top)
    return Columns(place[begins][finite] * broad + broad // 2, top[finite], bottom[finite], np.cumsum(~finite)[finite])


def bars(columns: Columns, width: float) -> np.ndarray:
    """Return rectangles, (n, 4) of x, y, width and height, that cover a bar a column and nothing else.

    A bar goes from half a width above its top to half a width below its bottom. What neighbours have in common is one
    broad rectangle: a raster fills rows many times faster than columns.
    """
    x, top, bottom = columns.x, np.floor(columns.top - (width - 1) / 2), np.ceil(columns.bottom + width / 2)
    begins = np.flatnonzero(np.concatenate([[True], (x[1:] // _BROAD != x[:-1] // _BROAD) | (x[1:] - x[:-1] > 1)]))
    sizes = np.diff(np.append(begins, len(x)))
    first, last = np.maximum.reduceat(top, begins), np.minimum.reduceat(bottom, begins)
    common = (last > first) & (sizes > 1)
    inner = _rectangles(x[begins][common], sizes[common], first[common], last[common])
    # Without anything in common the whole bar lies "above".
    first = np.repeat(np.where(common, first, FAR * 2), sizes)
    last = np.repeat(np.where(common, last, FAR * 2), sizes)
    above, below, one = top < first, last < bottom, np.ones(len(x))
    return np.concatenate(
        [
            inner,
            _rectangles(x[above], one[above], top[above], np.minimum(first, bottom)[above]),
            _rectangles(x[below], one[below], last[below], bottom[below]),
        ]
    )


def segments(columns: Columns, width: float, dashes: list[float], tall: float) -> np.ndarray:
    """Return the lines, (n, 4) of x, y, x and y, between the middles of neighbouring columns.

    dashes: lengths of dashes and gaps in turns, in widths of the pen; empty for a solid line. tall: height beyond which
    a column is a peak, seen as a bar of its own: the line passes at its foot.
    """
    y = (columns.top + columns.bottom) / 2
    if len(y) > 1:
        foot = np.clip(np.append(y[1], y[:-1]), columns.top, columns.bottom)
        y = np.where(columns.height > tall, foot, y)
    lines = np.stack([columns.x[:-1], y[:-1], columns.x[1:], y[1:]], axis=1)
    drawn = columns.line[1:] == columns.line[:-1]
    if dashes:
        lengths = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
        ends = np.cumsum(dashes) * width
        phase = (np.cumsum(lengths) - lengths / 2) % ends[-1]
        drawn = drawn & (np.searchsorted(ends, phase, side="right") % 2 == 0)
    return np.ascontiguousarray(lines[drawn])


def _rectangles(x: np.ndarray, width: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.stack([x, top, width, bottom - top], axis=1)
