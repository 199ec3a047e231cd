"""The quiet axes of a plot, and the box that is zoomed."""

import math
from typing import Any

import pyqtgraph
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QPainter, QPen, QPicture

from workbench.gui import figures, theme
from workbench.gui.theme import sized, tabular

_DRAWN = QPicture()


def _hairline(start: QPointF, end: QPointF) -> QRectF:
    """Return the upright or level line between two points as a rectangle, one pixel wide."""
    left, top = round(min(start.x(), end.x())), round(min(start.y(), end.y()))
    return QRectF(left, top, max(1.0, abs(end.x() - start.x())), max(1.0, abs(end.y() - start.y())))


class QuietAxis(pyqtgraph.AxisItem):
    """An axis with muted figures in thin grouping; log10 values are shown as what they stand for."""

    def __init__(self, orientation: str, percent: bool = False) -> None:
        super().__init__(orientation)
        self.percent = percent
        self.logarithmic = False
        self.most = math.inf  # above which there is nothing to write, such as shares beyond 100 %
        self.whole = False  # whether there is nothing between whole numbers, such as half an epoch
        self._specs: Any = None
        self.setStyle(tickLength=-4 if orientation == "bottom" else 0, maxTickLevel=0, tickTextOffset=6)
        self.setTickDensity(1.6 if orientation == "left" else 1.0)
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colors = theme.current()
        self.setPen(colors.color("line"))
        self.setTickPen(QPen(colors.color("line")))
        self.setTextPen(colors.color("muted"))
        self.setTickFont(tabular(sized(theme.base_font(), 12)))

    def paint(self, p: QPainter, opt: Any, widget: Any) -> None:
        """Draw line, grid and figures directly: to play a recorded picture of them takes ten times as long."""
        if self.picture is None:  # pyqtgraph's sign that something has changed
            self._specs = self.generateDrawSpecs(p)
            self.picture = _DRAWN
        if self._specs is None:
            return
        line, ticks, texts = self._specs
        p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for pen, start, end in (line, *ticks):
            p.fillRect(_hairline(start, end), pen.color())
        p.setFont(self.style["tickFont"])  # type: ignore[index]  # pyqtgraph hides Qt's own `style`
        p.setPen(self.textPen())
        for rect, flags, text in texts:
            p.drawText(rect, int(flags), text)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[Any]:
        if not (math.isfinite(minVal) and math.isfinite(maxVal)):
            return []
        if self.logarithmic and math.floor(maxVal) - math.ceil(minVal) >= 1:
            return [(1.0, [float(power) for power in range(math.ceil(minVal), math.floor(maxVal) + 1)])]
        levels = super().tickValues(minVal, min(maxVal, self.most), size)
        if self.whole and levels and levels[0][0] < 1:
            return [(1.0, [float(number) for number in range(math.ceil(minVal), math.floor(maxVal) + 1)])]
        return levels

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        places = max(0, -math.floor(math.log10(spacing) + 1e-9)) if spacing > 0 else 0
        return [self._string(value, places) for value in values]

    def _string(self, value: float, places: int) -> str:
        if self.logarithmic:
            return figures.setting(float(f"{10.0**value:.3g}")) if -12 < value < 12 else f"1e{value:.0f}"
        if self.percent:
            return figures.percent(value, max(0, places - 2))
        if abs(value) < 1e-15:
            return "0"
        if places > 5:
            return figures.setting(float(f"{value:.4g}"))
        return f"{value:,.{places}f}"


class ZoomBox(pyqtgraph.ViewBox):
    """Drag zooms into a rectangle, the wheel along the steps, a double click shows everything again."""

    reset = Signal()
    zoomed = Signal(bool)  # whether the range of values was chosen too

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseMode(pyqtgraph.ViewBox.RectMode)
        self.disableAutoRange()
        self.setDefaultPadding(0)

    def mouseClickEvent(self, ev: Any) -> None:
        if ev.double():
            ev.accept()
            self.reset.emit()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        super().mouseDragEvent(ev, axis=axis)
        if ev.isFinish():
            self.zoomed.emit(True)

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        super().wheelEvent(ev, axis=0)
        self.zoomed.emit(False)
