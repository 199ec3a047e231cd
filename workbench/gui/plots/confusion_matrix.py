"""Which classes are taken for which."""

from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures, theme
from workbench.gui.plots.export import quoted
from workbench.gui.plots.header import Header
from workbench.gui.plots.saved import SavedPlot
from workbench.gui.theme import look, sized, tabular
from workbench.gui.tokens import Size, Space
from workbench.gui.widgets.elided_label import ElidedLabel

_SMALLEST_WITH_FIGURES = 24
_WIDEST_LABEL = 96


class MatrixView(QWidget):
    """The cells: rows are the true classes, columns the predicted ones; darker where more of a row fell.

    pointed(true, predicted) follows the mouse and the arrow keys, (-1, -1) when it leaves; clicked(true, predicted).
    """

    pointed = Signal(int, int)
    clicked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[str] = []
        self._matrix = np.zeros((0, 0), dtype=np.int64)
        self._shares = np.zeros((0, 0))
        self._cell = (-1, -1)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)

    def set_matrix(self, labels: Sequence[str], matrix: np.ndarray, shares: np.ndarray) -> None:
        """Show counts and their shares of each row, both (true, predicted)."""
        self._labels, self._matrix, self._shares = list(labels), matrix, shares
        self.point(-1, -1)
        self.update()

    def point(self, true: int, predicted: int) -> None:
        """Point at a cell, or at none."""
        if (true, predicted) != self._cell:
            self._cell = (true, predicted)
            self.pointed.emit(true, predicted)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(380, 380)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point(*self._cell_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell[0] >= 0:
            self.clicked.emit(*cell)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Up.value: (-1, 0),
            Qt.Key.Key_Down.value: (1, 0),
            Qt.Key.Key_Left.value: (0, -1),
            Qt.Key.Key_Right.value: (0, 1),
        }
        size = len(self._labels)
        if event.key() in moves and size:
            down, right = moves[event.key()]
            true, predicted = self._cell if self._cell[0] >= 0 else (0, 0)
            self.point(min(size - 1, max(0, true + down)), min(size - 1, max(0, predicted + right)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell[0] >= 0:
            self.clicked.emit(*self._cell)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        size = len(self._labels)
        if not size:
            return
        area = self._area()
        side = area.width() / size
        painter.setFont(tabular(sized(self.font(), max(8, min(Size.text, int(side / 2.6))))))
        for true in range(size):
            for predicted in range(size):
                share, count = float(self._shares[true, predicted]), int(self._matrix[true, predicted])
                cell = QRectF(area.left() + predicted * side, area.top() + true * side, side, side)
                inner = cell.adjusted(0.5, 0.5, -0.5, -0.5) if side > 6 else cell
                painter.fillRect(inner, colors.color("hover"))
                shade = colors.color("accent" if true == predicted else "warning")
                shade.setAlphaF(min(1.0, share) ** 0.6)
                painter.fillRect(inner, shade)
                if side >= _SMALLEST_WITH_FIGURES and count:
                    painter.setPen(colors.color("on_accent" if share > 0.45 and true == predicted else "text"))
                    painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, figures.count(count))
        if self._cell[0] >= 0:
            true, predicted = self._cell
            painter.setPen(QPen(colors.color("text"), 2))
            painter.drawRect(QRectF(area.left() + predicted * side, area.top() + true * side, side, side))
        self._paint_labels(painter, area, side)

    def _paint_labels(self, painter: QPainter, area: QRectF, side: float) -> None:
        colors = theme.current()
        painter.setFont(sized(self.font(), 12))
        metrics = painter.fontMetrics()
        every = max(1, -(-metrics.height() // max(1, int(side))))
        widest = max(metrics.horizontalAdvance(label) for label in self._labels)
        beside = max(every, -(-int(min(widest, _WIDEST_LABEL) + 6) // max(1, int(side)))) if side < widest + 4 else 1
        for index, label in enumerate(self._labels):
            painter.setPen(colors.color("text" if index == self._cell[0] else "muted"))
            if index % every == 0:
                place = QRectF(0, area.top() + index * side, area.left() - 6, side)
                shown = metrics.elidedText(label, Qt.TextElideMode.ElideRight, int(place.width()))
                painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
            painter.setPen(colors.color("text" if index == self._cell[1] else "muted"))
            if index % beside == 0:
                width = side * beside
                place = QRectF(
                    area.left() + (index + 0.5) * side - width / 2, area.bottom() + 4, width, metrics.height()
                )
                shown = metrics.elidedText(label, Qt.TextElideMode.ElideRight, int(width))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, shown)

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        labels = min(_WIDEST_LABEL, max((metrics.horizontalAdvance(label) for label in self._labels), default=0)) + 8
        side = max(1.0, min(self.width() - labels - 2, self.height() - metrics.height() - 10))
        left = labels + max(0.0, (self.width() - labels - side) / 2)
        return QRectF(left, 2, side, side)

    def _cell_at(self, point: QPointF) -> tuple[int, int]:
        area, size = self._area(), len(self._labels)
        if not size or not area.contains(point):
            return -1, -1
        side = area.width() / size
        return min(size - 1, int((point.y() - area.top()) / side)), min(size - 1, int((point.x() - area.left()) / side))


class ConfusionMatrix(SavedPlot):
    """A confusion matrix with a read-out above it; cell_clicked(true, predicted)."""

    cell_clicked = Signal(int, int)

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title or tr("Confusion matrix"))
        self._labels: list[str] = []
        self._matrix = np.zeros((0, 0), dtype=np.int64)
        self.header = Header(title or tr("Confusion matrix"))
        self.header.export_wanted.connect(self.export)
        self._words = look(ElidedLabel(), "muted")
        self.view = MatrixView()
        self.view.setAccessibleName(self.accessibleName())
        self.view.pointed.connect(self._read_out)
        self.view.clicked.connect(self.cell_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        layout.addWidget(self.header)
        layout.addWidget(self._words)
        layout.addWidget(self.view, 1)

    def set_matrix(self, labels: Sequence[str], matrix: np.ndarray | Sequence[Sequence[int]]) -> None:
        """Show counts (true, predicted); raises ValueError when there are not as many rows and columns as labels."""
        self._matrix = np.asarray(matrix, dtype=np.int64)
        self._labels = list(labels)
        if self._matrix.shape != (len(labels), len(labels)):
            raise ValueError(f"{len(labels)} labels and a matrix of {self._matrix.shape}")
        rows = np.maximum(self._matrix.sum(axis=1, keepdims=True), 1)
        self.view.set_matrix(self._labels, self._matrix, self._matrix / rows)
        self._read_out(-1, -1)

    def read_out(self) -> str:
        """Return the words above the matrix."""
        return self._words.text()

    def lines(self) -> Iterator[str]:
        """Yield one line a true class with the counts of what it was taken for."""
        names = [quoted(label) for label in self._labels]
        yield ",".join(["true \\ predicted", *names])
        for name, row in zip(names, self._matrix.tolist(), strict=True):
            yield ",".join([name, *map(str, row)])

    def _read_out(self, true: int, predicted: int) -> None:
        if true < 0:
            self._words.setText(tr("Rows are the true classes, columns what the model says."))
        else:
            count, row = int(self._matrix[true, predicted]), int(self._matrix[true].sum())
            self._words.setText(
                tr(
                    "{true} taken for {predicted}: {count} of {row} ({share})",
                    true=self._labels[true],
                    predicted=self._labels[predicted],
                    count=figures.count(count),
                    row=figures.count(row),
                    share=figures.percent(count / max(1, row)),
                )
            )
        self.view.setAccessibleDescription(self._words.text())
