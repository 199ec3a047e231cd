"""One curve of a plot: its points, and the items that draw as many of them as the screen can show."""

from dataclasses import dataclass, field

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from workbench.gui import theme
from workbench.gui.plots.pyramid import Pyramid
from workbench.gui.plots.smoothing import smoothed, warm_up

_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashDotLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotDotLine)
_MOST_DOTS = 300
_FAINT = 0.25  # of raw points under their smoothed line


@dataclass
class Look:
    """How a curve is drawn. color: its number in the series of the theme; after the fifth the line styles change."""

    title: str
    color: int = 0
    dashed: bool = False
    points: bool = False
    smooth: bool = True

    def shade(self) -> QColor:
        """Return the colour in the theme."""
        return theme.current().series(self.color)

    def style(self) -> Qt.PenStyle:
        """Return the style of the line."""
        if self.dashed:
            return Qt.PenStyle.DashLine
        return _STYLES[self.color // 5 % len(_STYLES)]


@dataclass
class Curve:
    """Points and their drawing; `draw` is called once a batch."""

    look: Look
    data: Pyramid = field(default_factory=Pyramid)
    shown: bool = True

    def __post_init__(self) -> None:
        self.raw = pyqtgraph.PlotCurveItem(connect="finite", antialias=True)
        self.line = pyqtgraph.PlotCurveItem(connect="finite", antialias=True)
        self.dots = pyqtgraph.ScatterPlotItem(size=7, pen=None)
        self.wrong = pyqtgraph.ScatterPlotItem(size=9, symbol="t1", pen=None)
        for depth, item in enumerate((self.raw, self.line, self.dots, self.wrong)):
            item.setZValue(depth + (5 if self.look.dashed else 0))

    @property
    def items(self) -> tuple[pyqtgraph.GraphicsObject, ...]:
        """The items of the scene."""
        return self.raw, self.line, self.dots, self.wrong

    def restyle(self) -> None:
        """Take the colours of the theme."""
        color, faint = self.look.shade(), self.look.shade()
        faint.setAlphaF(_FAINT)
        self.raw.setPen(pyqtgraph.mkPen(faint, width=1))
        pen = QPen(color, 2)
        pen.setCosmetic(True)
        pen.setStyle(self.look.style())
        if self.look.dashed:
            pen.setDashPattern([4, 2])
        self.line.setPen(pen)
        self.dots.setBrush(color)
        self.wrong.setBrush(theme.current().color("error"))

    def draw(self, first: float, last: float, pixels: int, weight: float, log: bool) -> tuple[float, float] | None:
        """Draw the points from step `first` to `last`; returns the least and greatest value drawn, None without any."""
        start, stop = self.data.range_of(first, last)
        if not self.shown or stop <= start:
            for item in (self.raw, self.line):
                item.setData(x=np.empty(0), y=np.empty(0))
            self.dots.setData(x=[], y=[])
            return None
        steps, low, high = self.data.envelope(start, stop, 2 * pixels)
        x, y = _outline(steps, low, high)
        weight = weight if self.look.smooth else 0.0
        y = _scaled(y, log)
        if weight > 0:
            self.raw.setData(x=x, y=y)
            self.line.setData(*self._smooth(start, stop, pixels, weight, log))
        else:
            self.raw.setData(x=np.empty(0), y=np.empty(0))
            self.line.setData(x=x, y=y)
        self._dot(x, y)
        finite = y[np.isfinite(y)]
        return (float(finite.min()), float(finite.max())) if len(finite) else None

    def mark_wrong(self, bottom: float) -> None:
        """Mark the steps whose values are not finite at the lower edge of the plot."""
        steps = self.data.wrong if self.shown else np.empty(0)
        self.wrong.setData(x=steps, y=np.full(len(steps), bottom))

    def last(self, weight: float) -> float | None:
        """Return the last value, smoothed as the line is."""
        if not len(self.data):
            return None
        newest = float(self.data.values[-1])
        if weight <= 0 or not self.look.smooth or not np.isfinite(newest):
            return newest
        _, means = self._smooth(len(self.data) - 1, len(self.data), 2000, weight, log=False)
        return float(means[-1]) if len(means) else newest

    def _smooth(self, start: int, stop: int, pixels: int, weight: float, log: bool) -> tuple[np.ndarray, np.ndarray]:
        before = max(0, start - warm_up(weight, len(self.data)))
        share = max(1.0, (stop - before) / max(1, stop - start))
        steps, totals, counts, sizes = self.data.totals(before, stop, min(200_000, int(pixels * share)))
        means = smoothed(totals, counts, sizes, weight, len(self.data))
        keep = int(np.searchsorted(steps, self.data.steps[start]))
        keep = max(0, min(keep, len(steps) - 1))
        return steps[keep:], _scaled(means[keep:], log)

    def _dot(self, x: np.ndarray, y: np.ndarray) -> None:
        finite = np.isfinite(y)
        few = self.look.points and len(x) <= _MOST_DOTS
        alone = int(finite.sum()) == 1  # a line needs two points; a single one is seen as a dot
        if few or alone:
            self.dots.setData(x=x[finite], y=y[finite])
        else:
            self.dots.setData(x=[], y=[])


def _outline(steps: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a line through the least and greatest value of each block."""
    if np.array_equal(low, high, equal_nan=True):
        return steps, low
    x, y = np.repeat(steps, 2), np.empty(2 * len(low))
    y[0::2], y[1::2] = low, high
    return x, y


def _scaled(values: np.ndarray, log: bool) -> np.ndarray:
    if not log:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)
