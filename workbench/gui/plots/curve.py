"""One curve of a plot: its points, and the items that draw as many of them as the screen can show."""

from dataclasses import dataclass, field

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from workbench.gui import theme
from workbench.gui.plots.pyramid import Pyramid
from workbench.gui.plots.smoothing import remembered, smoothed, warm_up
from workbench.gui.plots.trace import Trace

_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashDotLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotDotLine)
_MOST_DOTS = 300
_FAINT = 0.25  # of raw points under their smoothed line
_PAST_BLOCKS = 1000
_BLOCKS = 4  # at most, for each pixel of the width
_NONE = np.empty(0)


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
    _newest: float | None = None  # of the line that is drawn, when it reaches the end

    def __post_init__(self) -> None:
        self.raw, self.line = Trace(), Trace()
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
        color = self.look.shade()
        self.raw.set_pen(_blended(color, theme.current().color("surface"), _FAINT), 1)
        self.line.set_pen(color, 2, self.look.style())
        self.dots.setBrush(color)
        self.wrong.setBrush(theme.current().color("error"))

    def draw(self, first: float, last: float, pixels: int, weight: float, log: bool) -> tuple[float, float] | None:
        """Draw the points from step `first` to `last`; returns the least and greatest value drawn, None without any."""
        start, stop = self.data.range_of(first, last)
        self._newest = None
        if not self.shown or stop <= start:
            for item in (self.raw, self.line):
                item.set_blocks(_NONE, _NONE, _NONE)
            self._dot(_NONE, _NONE)
            return None
        steps, low, high = self.data.envelope(start, stop, _BLOCKS * pixels)
        low, high = _scaled(low, log), _scaled(high, log)
        weight = weight if self.look.smooth else 0.0
        if weight > 0:
            self.raw.set_blocks(steps, low, high)
            steps, means = self._smooth(start, stop, pixels, weight)
            if stop == len(self.data) and len(means):
                self._newest = float(means[-1])
            means = _scaled(means, log)
            self.line.set_blocks(steps, means, means)
        else:
            self.raw.set_blocks(_NONE, _NONE, _NONE)
            self.line.set_blocks(steps, low, high)
        self._dot(steps, low if weight <= 0 else means)
        least, greatest = float(np.fmin.reduce(np.fmin(low, high))), float(np.fmax.reduce(high))
        return (least, greatest) if least <= greatest else None

    def mark_wrong(self, bottom: float) -> None:
        """Mark the steps whose values are not finite at the lower edge of the plot."""
        steps = self.data.wrong if self.shown else _NONE
        _put(self.wrong, steps, np.full(len(steps), bottom))

    def last(self, weight: float) -> float | None:
        """Return the last value, smoothed as the line is."""
        if not len(self.data):
            return None
        newest = self.data.point(-1)[1]
        if weight <= 0 or not self.look.smooth or not np.isfinite(newest):
            return newest
        if self._newest is not None:
            return self._newest
        _, means = self._smooth(len(self.data) - 1, len(self.data), 2000, weight)
        return float(means[-1]) if len(means) else newest

    def _smooth(self, start: int, stop: int, pixels: int, weight: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the last step and the mean of blocks of the points [start, stop), about one a pixel.

        The points before them count too, in coarse blocks: as many of them as still matter.
        """
        length = len(self.data)
        starts, totals, counts, sizes = self.data.totals(start, stop, pixels)
        first = int(starts[0])
        before = self.data.totals(max(0, first - warm_up(weight, length)), first, _PAST_BLOCKS)[1:]
        means = smoothed(totals, counts, sizes, weight, length, remembered(*before, weight, length))
        return self.data.steps_at(np.minimum(starts + sizes, length) - 1), means

    def _dot(self, x: np.ndarray, y: np.ndarray) -> None:
        finite = np.isfinite(y)
        few = self.look.points and len(x) <= _MOST_DOTS
        alone = int(finite.sum()) == 1  # a line needs two points; a single one is seen as a dot
        _put(self.dots, x[finite], y[finite]) if few or alone else _put(self.dots, _NONE, _NONE)


def _put(item: pyqtgraph.ScatterPlotItem, x: np.ndarray, y: np.ndarray) -> None:
    """Show dots at these places; an item without any is hidden, for it takes as long to draw as one that has some."""
    item.setVisible(bool(len(x)))
    if len(x) or len(item.getData()[0]):
        item.setData(x=x, y=y)


def _scaled(values: np.ndarray, log: bool) -> np.ndarray:
    if not log:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)


def _blended(color: QColor, ground: QColor, share: float) -> QColor:
    """Return so much of `color` over `ground`, opaque."""
    parts = ((c * share + g * (1 - share)) for c, g in zip(color.getRgbF()[:3], ground.getRgbF()[:3], strict=True))  # type: ignore[index]
    return QColor.fromRgbF(*parts)
