"""Models as points: how good each is, against how large or how slow it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.core.words import mark, tr
from workbench.gui import figures, theme
from workbench.gui.plots.export import quoted
from workbench.gui.plots.header import Header
from workbench.gui.plots.pointed_field import PointedField
from workbench.gui.plots.saved import SavedPlot
from workbench.gui.plots.ticks import nice_ticks
from workbench.gui.theme import look, sized, tabular
from workbench.gui.tokens import Space
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.elided_label import ElidedLabel

_RADIUS, _REACH, _COLOURS = 6.0, 16.0, 5  # pixels of a point, and within which it is pointed at; series of the theme
_MARGIN = 0.12  # of the range, on every side
_LEAST = 0.3  # of the largest value, that is shown across


@dataclass(frozen=True)
class Axis:
    """What can lie across: of a row, the value under `key` times `factor`."""

    key: str
    title: str
    factor: float = 1.0


AXES = (
    Axis("p50", mark("Latency, p50 (ms)"), 1e3),
    Axis("p99", mark("Latency, p99 (ms)"), 1e3),
    Axis("throughput", mark("Samples/s")),
    Axis("size", mark("Size (kB)"), 1e-3),
    Axis("packed", mark("Zipped size (kB)"), 1e-3),
    Axis("nonzero", mark("Weights not zero")),
)


class BenchField(PointedField):
    """Points with their numbers over two axes; `hovered` is the point under the mouse, or -1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_REACH, parent)
        self._points = np.zeros((0, 2))
        self.percent = False
        self.setMinimumSize(200, 150)

    def set_points(self, points: np.ndarray, *, percent: bool) -> None:
        """Show points (N, 2); percent: whether what lies upwards is a share of one."""
        self._points, self.percent, self.hovered = points, percent, -1
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, 240)

    def place_of(self, number: int) -> QPointF:
        """Return where a point is drawn."""
        return QPointF(*self._places(self._area())[number].tolist())

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tabular(sized(self.font(), 12)))
        area = self._area()
        for axis in (0, 1):
            low, high = self._range(axis)
            for tick in nice_ticks(low, high, 4):
                if low <= tick <= high:
                    self._paint_tick(painter, area, axis, tick)
        places = self._places(area)
        for number, (x, y) in enumerate(places.tolist()):
            before = places[:number] - places[number]
            stacked = int((np.hypot(before[:, 0], before[:, 1]) < _REACH).sum())  # numbers that would lie over this one
            color = QColor(colors.series(number % _COLOURS))
            painter.setPen(QPen(colors.color("text"), 1.5) if number == self.hovered else Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QPointF(x, y), _RADIUS, _RADIUS)
            painter.setPen(colors.color("text"))
            place = QRectF(
                x + _RADIUS + 3, y - 18 + 13 * stacked, 40, 16
            )  # colours repeat after five: the number tells which
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, str(number + 1))

    def _paint_tick(self, painter: QPainter, area: QRectF, axis: int, tick: float) -> None:
        colors, (low, high) = theme.current(), self._range(axis)
        share, label = (tick - low) / (high - low), self._label(axis, tick)
        if axis:
            y = area.bottom() - share * area.height()
            painter.setPen(QPen(colors.color("line"), 1))
            painter.drawLine(QPointF(area.left(), round(y) + 0.5), QPointF(area.right(), round(y) + 0.5))
            painter.setPen(colors.color("muted"))
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 8, area.left() - 8, 16), side, label)
            return
        half = painter.fontMetrics().horizontalAdvance(label) / 2 + 2
        x = min(area.left() + share * area.width() - half, self.width() - 2 * half)
        painter.setPen(colors.color("muted"))
        painter.drawText(QRectF(x, area.bottom() + 4, 2 * half, 16), Qt.AlignmentFlag.AlignCenter, label)

    def _label(self, axis: int, tick: float) -> str:
        return figures.percent(tick) if axis and self.percent else figures.number(tick)

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        left = max(metrics.horizontalAdvance(self._label(1, value)) for value in self._range(1)) + 18
        return QRectF(left, 6, max(1.0, self.width() - left - 10), max(1.0, self.height() - metrics.height() - 16))

    def _range(self, axis: int) -> tuple[float, float]:
        if not len(self._points):
            return 0.0, 1.0
        low, high = float(self._points[:, axis].min()), float(self._points[:, axis].max())
        margin = (high - low) * _MARGIN or max(abs(high), 1e-3) * _MARGIN
        if axis == 0:  # what was measured is never quite the same twice, and must not look like a difference
            margin = max(margin, (_LEAST * abs(high) - (high - low)) / 2)
        if axis and self.percent and low >= 0.0 and high <= 1.0:
            return max(low - margin, 0.0), min(high + margin, 1.0)
        return low - margin, high + margin

    def _places(self, area: QRectF) -> np.ndarray:
        shares = np.zeros_like(self._points)
        for axis in (0, 1):
            low, high = self._range(axis)
            shares[:, axis] = (self._points[:, axis] - low) / (high - low)
        return np.stack([area.left() + shares[:, 0] * area.width(), area.bottom() - shares[:, 1] * area.height()], 1)


class BenchScatter(SavedPlot):
    """The points with a choice of what lies across, and a read-out above them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("How good against how large or slow"))
        self._rows: list[Mapping[str, Any]] = []
        self._metric = self._title = ""
        self.axis = Combo()
        self.axis.setObjectName("runs.bench_axis")
        self.axis.setAccessibleName(tr("What lies across"))
        for axis in AXES:
            self.axis.addItem(tr(axis.title), axis.key)
        self.axis.setMinimumWidth(170)
        self.axis.currentIndexChanged.connect(self._show)
        self.header = Header("")
        self.header.add_action(self.axis)
        self.header.export_wanted.connect(self.export)
        self.words = look(ElidedLabel(), "muted")
        self.field = BenchField()
        self.field.pointed.connect(self.read_out)
        self.field.setAccessibleName(self.accessibleName())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.small)
        layout.addWidget(self.header)
        layout.addWidget(self.words)
        layout.addWidget(self.field, 1)
        theme.current().changed.connect(self.field.update)

    def set_rows(self, rows: Sequence[Mapping[str, Any]], metric: str, title: str, *, percent: bool) -> None:
        """Show rows as comparing.compare gives them; metric, title: what lies upwards, a share of one if `percent`."""
        self._rows, self._metric, self._title = list(rows), metric, title
        self.header.set_title(title)
        self.field.percent = percent
        self._show()

    def read_out(self, number: int) -> None:
        """Say what the point of this number is, or with -1 what the plot shows."""
        if number < 0:
            self.words.setText(tr("Upwards lies {metric}; the numbers are those of the table.", metric=self._title))
        else:
            x, y = self._point(self._rows[number])
            good = figures.percent(y, 2) if self.field.percent else figures.number(y)
            self.words.setText(f"{number + 1}  {self._rows[number]['name']}  ·  {good}  ·  {figures.number(x)}")
        self.field.setAccessibleDescription(self.words.text())

    def lines(self) -> Iterator[str]:
        """Yield one line for each model, with everything that can lie across."""
        yield ",".join(["name", self._metric, *(axis.key for axis in AXES)])
        for row in self._rows:
            values = [row["metrics"][self._metric], *(row[axis.key] for axis in AXES)]
            yield ",".join([quoted(str(row["name"])), *map(repr, values)])

    def _axis(self) -> Axis:
        return next(axis for axis in AXES if axis.key == self.axis.value())

    def _point(self, row: Mapping[str, Any]) -> tuple[float, float]:
        axis = self._axis()
        return float(row[axis.key]) * axis.factor, float(row["metrics"][self._metric])

    def _show(self) -> None:
        points = np.array([self._point(row) for row in self._rows]).reshape(-1, 2)
        self.field.set_points(points, percent=self.field.percent)
        self.read_out(-1)
