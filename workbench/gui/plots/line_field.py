"""The surface of a plot of series: lines over rows, stretches shaded behind them, and a crosshair."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui import figures, theme
from workbench.gui.plots.ticks import nice_ticks
from workbench.gui.theme import sized, tabular


@dataclass(frozen=True)
class Line:
    """One line: its name (which the legend hides), points by row and value (None where there is none), its look."""

    name: str
    places: Sequence[float]
    values: Sequence[float | None]
    color: int  # number of the series in the theme; -1 for muted
    dashed: bool = False
    faint: bool = False
    dots: bool = False


@dataclass(frozen=True)
class Band:
    """Rows that are shaded from one place to another, under a title."""

    begin: float
    end: float
    title: str
    color: int


class LineField(QWidget):
    """Draws lines and bands; pointed(row or None) follows the mouse and the arrow keys."""

    pointed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._bands: list[Band] = []
        self._times: dict[int, str] = {}
        self._at: float | None = None
        self.from_zero = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 110)

    def set_lines(self, lines: Sequence[Line], bands: Sequence[Band], times: dict[int, str]) -> None:
        """Show these lines; times: what rows are called, for those that are known."""
        self._lines, self._bands, self._times = list(lines), list(bands), times
        self.point(None)
        self.update()

    def point(self, row: float | None) -> None:
        """Point at a row, or at none."""
        if row != self._at:
            self._at = row
            self.pointed.emit(row)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(520, 260)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        inside = area.left() <= event.position().x() <= area.right() and self._lines
        low, high = self._rows()
        share = (event.position().x() - area.left()) / max(area.width(), 1)
        self.point(round(low + share * (high - low)) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Right.value: 1}.get(event.key())
        if step is None or not self._lines:
            super().keyPressEvent(event)
            return
        low, high = self._rows()
        at = high if self._at is None else self._at + step * max(1, round((high - low) / 200))
        self.point(min(high, max(low, at)))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tabular(sized(self.font(), 12)))
        if not self._lines:
            return
        ticks = self._ticks()
        area = self._area()
        self._paint_bands(painter, area)
        for tick in ticks:
            y = self._y(tick, area)
            painter.setPen(QPen(colors.color("line"), 1))
            painter.drawLine(QPointF(area.left(), round(y) + 0.5), QPointF(area.right(), round(y) + 0.5))
            painter.setPen(colors.color("muted"))
            place = QRectF(0, y - 8, area.left() - 8, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _short(tick))
        self._paint_rows(painter, area)
        for line in self._lines:
            self._paint_line(painter, area, line)
        if self._at is not None:
            painter.setPen(QPen(colors.color("muted"), 1))
            x = round(self._x(self._at, area)) + 0.5
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if self.hasFocus():
            painter.setPen(colors.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_bands(self, painter: QPainter, area: QRectF) -> None:
        colors = theme.current()
        for band in self._bands:
            left, right = self._x(band.begin, area), self._x(band.end, area)
            shade = QColor(colors.series(band.color))
            shade.setAlphaF(0.10)
            painter.fillRect(QRectF(left, area.top(), right - left, area.height()), shade)
            painter.setPen(colors.series(band.color))
            title = painter.fontMetrics().elidedText(band.title, Qt.TextElideMode.ElideRight, int(right - left - 8))
            painter.drawText(QRectF(left + 6, area.top() + 2, max(right - left - 8, 0), 18), 0, title)

    def _paint_rows(self, painter: QPainter, area: QRectF) -> None:
        """Write what some rows are called below them, as many as there is room for."""
        painter.setPen(theme.current().color("muted"))
        metrics = painter.fontMetrics()
        low, high = self._rows()
        known = [row for row in self._times if low <= row <= high and self._times[row]]
        if known:
            widest = max(metrics.horizontalAdvance(self._times[row]) for row in known[:: max(1, len(known) // 50)])
            most = max(2, int(area.width() / (widest + 32)))
            chosen = [(row, self._times[row]) for row in known[:: max(1, -(-len(known) // most))]]
        else:
            found = nice_ticks(low, high, max(2, int(area.width() / 90)))
            chosen = [(tick, figures.count(tick)) for tick in found if low <= tick <= high]
        for row, text in chosen:
            width = metrics.horizontalAdvance(text)
            left = min(max(self._x(row, area) - width / 2, 0), self.width() - width)
            painter.drawText(QPointF(left, self.height() - metrics.descent() - 2), text)

    def _paint_line(self, painter: QPainter, area: QRectF, line: Line) -> None:
        colors = theme.current()
        color = colors.color("muted") if line.color < 0 else QColor(colors.series(line.color))
        color.setAlphaF(0.45 if line.faint else 1.0)
        style = Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(color, 1.2 if line.faint else 1.8, style, c=Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        piece = QPolygonF()
        for row, value in zip(line.places, line.values, strict=True):
            if value is None or not math.isfinite(value):
                painter.drawPolyline(piece)
                piece = QPolygonF()
                continue
            piece.append(QPointF(self._x(row, area), self._y(value, area)))
        painter.drawPolyline(piece)
        if line.dots:
            painter.setBrush(color)
            painter.setPen(Qt.PenStyle.NoPen)
            for place in piece.toList():
                painter.drawEllipse(place, 2.5, 2.5)

    def _ticks(self) -> list[float]:
        low, high = self._values()
        return [tick for tick in nice_ticks(low, high, max(2, self.height() // 60)) if low <= tick <= high]

    def _values(self) -> tuple[float, float]:
        found = [value for line in self._lines for value in line.values if value is not None and math.isfinite(value)]
        low, high = (min(found), max(found)) if found else (0.0, 1.0)
        if self.from_zero:
            return 0.0, max(high * 1.06, 1e-12)
        room = (high - low) * 0.06 or max(abs(high) * 0.1, 0.5)
        return low - room, high + room

    def _rows(self) -> tuple[float, float]:
        found = [place for line in self._lines if len(line.places) for place in (line.places[0], line.places[-1])]
        low, high = (min(found), max(found)) if found else (0, 1)
        return low, max(high, low + 1)

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(_short(tick)) for tick in self._ticks()), default=8)
        return QRectF(self.rect()).adjusted(widest + 12, 4, -8, -(metrics.height() + 8))

    def _x(self, row: float, area: QRectF) -> float:
        low, high = self._rows()
        return area.left() + (row - low) / (high - low) * area.width()

    def _y(self, value: float, area: QRectF) -> float:
        low, high = self._values()
        return area.bottom() - (value - low) / (high - low) * area.height()


def _short(value: float) -> str:
    return "0" if abs(value) < 1e-12 else figures.setting(float(f"{value:.5g}"))
