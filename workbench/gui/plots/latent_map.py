"""The middle of an autoencoder as a map: a point for each sample, in the colour of its class."""

from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures, theme
from workbench.gui.plots.export import quoted
from workbench.gui.plots.header import Header
from workbench.gui.plots.saved import SavedPlot
from workbench.gui.theme import look, sized
from workbench.gui.tokens import Space
from workbench.gui.widgets.elided_label import ElidedLabel

_RADIUS, _STEP, _COLOURS = 2.6, 40, 5  # pixels of a point; steps of the arrow keys across the map; series of the theme


class LatentField(QWidget):
    """Points with a name at the middle of each class; pointed(x, y) follows the mouse and the arrow keys."""

    pointed = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self._points = np.zeros((0, 2))
        self._labels = np.zeros(0, np.int64)
        self._classes: list[str] = []
        self._at: tuple[float, float] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 140)

    def set_points(self, points: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> None:
        """Show points (N, 2) with the numbers of their classes (N,)."""
        self._points, self._labels, self._classes, self._at = points, labels, list(classes), None
        self.update()

    def point(self, x: float, y: float) -> None:
        """Point at a place of the map."""
        self._at = (x, y)
        self.pointed.emit(x, y)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 240)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area, (low, span) = self._area(), self._range()
        across = (event.position().x() - area.left()) / area.width()
        up = (area.bottom() - event.position().y()) / area.height()
        if len(self._points) and 0 <= across <= 1 and 0 <= up <= 1:
            self.point(float(low[0] + across * span[0]), float(low[1] + up * span[1]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Down: (0, -1), Qt.Key.Key_Up: (0, 1)}
        step = keys.get(Qt.Key(event.key()))
        if step is None or not len(self._points):
            super().keyPressEvent(event)
            return
        low, span = self._range()
        here = np.array(self._at) if self._at else low + span / 2
        there = np.clip(here + np.array(step) * span / _STEP, low, low + span)
        self.point(float(there[0]), float(there[1]))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(sized(self.font(), 12))
        area = self._area()
        painter.setPen(QPen(colors.color("line"), 1))
        painter.drawRect(area)
        places = self._places(self._points, area)
        painter.setPen(Qt.PenStyle.NoPen)
        for (x, y), label in zip(places.tolist(), self._labels.tolist(), strict=True):
            color = QColor(colors.series(label % _COLOURS))
            color.setAlphaF(0.6)
            painter.setBrush(color)
            painter.drawEllipse(QPointF(x, y), _RADIUS, _RADIUS)
        painter.setPen(colors.color("text"))
        for number, name in enumerate(self._classes):
            of_class = places[self._labels == number]
            if len(of_class):  # colours repeat after five: the name tells which class it is
                x, y = np.median(of_class, axis=0).tolist()
                painter.drawText(QRectF(x - 60, y - 9, 120, 18), Qt.AlignmentFlag.AlignCenter, name)
        if self._at is not None:
            x, y = self._places(np.array([self._at]), area)[0].tolist()
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.color("accent"), 2))
            painter.drawEllipse(QPointF(x, y), 6, 6)
        if self.hasFocus():
            painter.setPen(colors.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(2, 2, -2, -2)

    def _range(self) -> tuple[np.ndarray, np.ndarray]:
        if not len(self._points):
            return np.zeros(2), np.ones(2)
        low, high = self._points.min(0), self._points.max(0)
        margin = np.maximum((high - low) * 0.05, 1e-6)
        return low - margin, high - low + 2 * margin

    def _places(self, points: np.ndarray, area: QRectF) -> np.ndarray:
        low, span = self._range()
        shares = (points - low) / span
        return np.stack([area.left() + shares[:, 0] * area.width(), area.bottom() - shares[:, 1] * area.height()], 1)


class LatentMap(SavedPlot):
    """The map with its heading; pointed(x, y) when a person points at a place of it."""

    pointed = Signal(float, float)

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title or tr("Map of the latent space"))
        self._points = np.zeros((0, 2))
        self._labels = np.zeros(0, np.int64)
        self._classes: list[str] = []
        self.header = Header(title or tr("Map of the latent space"))
        self.header.export_wanted.connect(self.export)
        self.words = look(ElidedLabel(), "muted")
        self.field = LatentField()
        self.field.setAccessibleName(self.accessibleName())
        self.field.pointed.connect(self._tell)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.small)
        layout.addWidget(self.header)
        layout.addWidget(self.words)
        layout.addWidget(self.field, 1)
        theme.current().changed.connect(self.field.update)

    def set_points(
        self, points: Sequence[Sequence[float]], labels: Sequence[int], classes: Sequence[str], *, exact: bool
    ) -> None:
        """Show a point for each sample; exact: whether the map is all of the latent space, and not a view of it."""
        self._points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        self._labels, self._classes = np.asarray(labels, dtype=np.int64), list(classes)
        self.field.set_points(self._points, self._labels, self._classes)
        self.words.setText(
            tr("Point at a place to see what it stands for.")
            if exact
            else tr("The two directions in which the codes vary most. Point at a place to see what it stands for.")
        )

    def lines(self) -> Iterator[str]:
        """Yield one line for each sample."""
        yield "x,y,class"
        for (x, y), label in zip(self._points.tolist(), self._labels.tolist(), strict=True):
            yield f"{x!r},{y!r},{quoted(self._classes[label]) if self._classes else ''}"

    def _tell(self, x: float, y: float) -> None:
        self.field.setAccessibleDescription(f"{figures.number(x)}, {figures.number(y)}")
        self.pointed.emit(x, y)
