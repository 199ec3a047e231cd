"""True values against predicted ones: on the diagonal they are equal, and far from it the model errs."""

from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures, theme
from workbench.gui.plots.header import Header
from workbench.gui.plots.pointed_field import PointedField
from workbench.gui.plots.saved import SavedPlot
from workbench.gui.plots.ticks import nice_ticks
from workbench.gui.theme import look, sized, tabular
from workbench.gui.tokens import Space
from workbench.gui.widgets.elided_label import ElidedLabel

_RADIUS, _REACH = 3.0, 12.0  # pixels of a point, and within which it is pointed at


class TruthField(PointedField):
    """Points over two equal axes and the diagonal; `hovered` is the place of the point under the mouse, or -1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_REACH, parent)
        self._pairs = np.zeros((0, 2))
        self._mark: float | None = None
        self.setMinimumSize(160, 140)

    def set_pairs(self, pairs: np.ndarray) -> None:
        """Show pairs (N, 2) of truth and prediction."""
        self._pairs, self.hovered = pairs, -1
        self.update()

    def mark(self, predicted: float | None) -> None:
        """Draw a line at a prediction whose truth is not known, or none."""
        self._mark = predicted
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 260)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tabular(sized(self.font(), 12)))
        area, (low, high) = self._area(), self._range()
        for tick in nice_ticks(low, high, 4):
            if low <= tick <= high:
                self._paint_tick(painter, area, tick)
        painter.setPen(QPen(colors.color("muted"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(area.bottomLeft(), area.topRight())
        color = QColor(colors.series(0))
        color.setAlphaF(max(0.25, min(0.8, 60 / max(1, len(self._pairs)))))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        places = self._places(area)
        for x, y in places.tolist():
            painter.drawEllipse(QPointF(x, y), _RADIUS, _RADIUS)
        if self._mark is not None:
            painter.setPen(QPen(colors.color("accent"), 2))
            y = area.bottom() - (self._mark - low) / (high - low) * area.height()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        if self.hovered >= 0:
            painter.setPen(QPen(colors.color("text"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(*places[self.hovered].tolist()), _RADIUS + 2, _RADIUS + 2)

    def _paint_tick(self, painter: QPainter, area: QRectF, tick: float) -> None:
        colors, (low, high) = theme.current(), self._range()
        share, label = (tick - low) / (high - low), figures.number(tick)
        y, x = area.bottom() - share * area.height(), area.left() + share * area.width()
        painter.setPen(QPen(colors.color("line"), 1))
        painter.drawLine(QPointF(area.left(), round(y) + 0.5), QPointF(area.right(), round(y) + 0.5))
        painter.setPen(colors.color("muted"))
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, y - 8, area.left() - 8, 16), side, label)
        half = painter.fontMetrics().horizontalAdvance(label) / 2 + 2
        place = QRectF(min(x - half, self.width() - 2 * half), area.bottom() + 4, 2 * half, 16)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, label)

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        left = max(metrics.horizontalAdvance(figures.number(value)) for value in (*self._range(), 0.0)) + 14
        return QRectF(left, 6, max(1.0, self.width() - left - 10), max(1.0, self.height() - metrics.height() - 16))

    def _range(self) -> tuple[float, float]:
        values = self._pairs if self._mark is None else np.append(self._pairs, self._mark)
        if not values.size:
            return 0.0, 1.0
        low, high = float(values.min()), float(values.max())
        margin = (high - low) * 0.04 or max(abs(high), 1.0) * 0.1
        return low - margin, high + margin

    def _places(self, area: QRectF) -> np.ndarray:
        low, high = self._range()
        shares = (self._pairs - low) / (high - low)
        return np.stack(
            [area.left() + shares[:, 0] * area.width(), area.bottom() - shares[:, 1] * area.height()], axis=1
        )


class TruthPlot(SavedPlot):
    """Points of truth (across) and prediction (up) with the diagonal, and a read-out above them."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title or tr("Predicted against true"))
        self._pairs = np.zeros((0, 2))
        self.header = Header(title or tr("Predicted against true"))
        self.header.export_wanted.connect(self.export)
        self.words = look(ElidedLabel(), "muted")
        self.field = TruthField()
        self.field.pointed.connect(self.read_out)
        self.field.setAccessibleName(self.accessibleName())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.small)
        layout.addWidget(self.header)
        layout.addWidget(self.words)
        layout.addWidget(self.field, 1)
        theme.current().changed.connect(self.field.update)

    def set_pairs(self, pairs: Sequence[Sequence[float]]) -> None:
        """Show pairs of truth and prediction."""
        self._pairs = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
        self.field.set_pairs(self._pairs)
        self.read_out(-1)

    def mark(self, predicted: float | None) -> None:
        """Show where a prediction lies whose truth is not known."""
        self.field.mark(predicted)

    def read_out(self, place: int) -> None:
        """Say what the point at this place is, or with -1 what the plot shows."""
        if place < 0:
            self.words.setText(tr("Across the true value, up what the model says."))
        else:
            truth, predicted = (figures.number(value, 4) for value in self._pairs[place].tolist())
            self.words.setText(tr("True {truth}, predicted {predicted}", truth=truth, predicted=predicted))
        self.field.setAccessibleDescription(self.words.text())

    def lines(self) -> Iterator[str]:
        """Yield one line for each pair."""
        yield "truth,prediction"
        for truth, predicted in self._pairs.tolist():
            yield f"{truth!r},{predicted!r}"
