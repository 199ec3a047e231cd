"""A scrolling grid of images that reads and paints only what can be seen."""

import time
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from workbench.core.words import tr
from workbench.gui import theme
from workbench.gui.theme import look, sized
from workbench.gui.tokens import Size
from workbench.gui.widgets.grid_geometry import GAP, GridGeometry
from workbench.gui.widgets.pixels import image_of

Fetch = Callable[[np.ndarray], np.ndarray]
Describe = Callable[[int], str]

_LABEL = 18  # pixels below an image for its label
_KEPT = 4000  # pictures in memory, at cell size
_AT_ONCE = 64  # rows fetched in one call
_PATIENCE = 0.01  # seconds that one painting may spend on reading; the rest follows in the next


class ImageGrid(QAbstractScrollArea):
    """Shows `count` images from a supplier, which is asked only for what becomes visible.

    selected(row) when the current image changes, activated(row) on double click or Enter.
    """

    selected = Signal(int)
    activated = Signal(int)

    def __init__(self, cell: int = 56, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "bare")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().installEventFilter(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Images"))
        self.viewport().setMouseTracking(True)
        self._cell = cell
        self._count = 0
        self._current = -1
        self._fetch: Fetch | None = None
        self._label: Describe | None = None
        self._tip: Describe | None = None
        self._pictures: OrderedDict[int, QPixmap] = OrderedDict()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.viewport().update)

    def set_supplier(
        self, count: int, fetch: Fetch, label: Describe | None = None, tip: Describe | None = None
    ) -> None:
        """Show `count` images.

        fetch(rows (n,) int64) -> (n, H, W, C) uint8, C 1, 3 or 4. label: written below each image when given. tip: the
        tool tip of one image; otherwise its label.
        """
        self._count, self._fetch, self._label, self._tip = max(0, count), fetch, label, tip
        self._current = -1
        self._pictures.clear()
        self.verticalScrollBar().setValue(0)
        self._measure()
        self.viewport().update()

    def set_cell(self, side: int) -> None:
        """Draw each image in a square of `side` pixels."""
        if side != self._cell:
            self._cell = side
            self._pictures.clear()
            self._measure()
            self.viewport().update()

    def refresh(self) -> None:
        """Ask for every visible image again, because what stands behind the rows has changed."""
        self._pictures.clear()
        self.viewport().update()

    def count(self) -> int:
        """Return how many images there are."""
        return self._count

    def current(self) -> int:
        """Return the current row, -1 when there is none."""
        return self._current

    def set_current(self, row: int) -> None:
        """Make `row` the current one and scroll to it."""
        row = min(row, self._count - 1)
        if row == self._current:
            return
        self._current = row
        if row >= 0:
            self._scroll_to(row)
            self.setAccessibleDescription(self.describe(row))
            self.selected.emit(row)
        self.viewport().update()

    def describe(self, row: int) -> str:
        """Return what the tool tip says of `row`."""
        words = self._tip or self._label
        return words(row) if words is not None and 0 <= row < self._count else ""

    def columns(self) -> int:
        """Return how many images stand side by side."""
        return self._geometry().columns

    def visible_rows(self) -> range:
        """Return the rows of which at least a part can be seen."""
        return self._geometry().visible()

    def row_at(self, point: QPoint) -> int:
        """Return the row at a point of the viewport, -1 between and behind the images."""
        return self._geometry().row_at(point)

    def rect_of(self, row: int) -> QRect:
        """Return where `row` stands in the viewport."""
        return self._geometry().rect(row)

    def sizeHint(self) -> QSize:
        return QSize(10 * (self._cell + GAP), 5 * self._geometry().line)

    def paintEvent(self, event: QPaintEvent) -> None:
        geometry = self._geometry()
        rows = geometry.visible()
        self._read([row for row in rows if row not in self._pictures])
        colors = theme.current()
        painter = QPainter(self.viewport())
        for row in rows:
            rect, picture = geometry.rect(row), self._pictures.get(row)
            if picture is None:
                painter.fillRect(rect, colors.color("hover"))
            else:
                self._pictures.move_to_end(row)
                size = picture.deviceIndependentSize().toSize()
                left, top = (rect.width() - size.width()) // 2, (rect.height() - size.height()) // 2
                painter.drawPixmap(rect.x() + left, rect.y() + top, picture)
        if self._label is not None:
            self._paint_labels(painter, geometry, self._label)
        if self._current in rows:
            painter.setPen(QPen(colors.color("accent"), 3))
            painter.drawRect(geometry.rect(self._current).adjusted(-1, -1, 1, 1))
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self.columns()
        page = max(1, self.viewport().height() // self._geometry().line) * columns
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -self._count,
            Qt.Key.Key_End: self._count,
        }
        key = Qt.Key(event.key())
        if key in steps and self._count:
            start = 0 if self._current < 0 else self._current + steps[key]
            self.set_current(max(0, min(self._count - 1, start)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self.activated.emit(self._current)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (row := self.row_at(event.position().toPoint())) >= 0:
            self.set_current(row)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if (row := self.row_at(event.position().toPoint())) >= 0:
            self.activated.emit(row)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self.row_at(event.pos())
            if row >= 0 and (words := self.describe(row)):
                QToolTip.showText(event.globalPos(), words, self.viewport(), self.rect_of(row))
            else:
                QToolTip.hideText()
            return True
        return False

    def _read(self, missing: list[int]) -> None:
        until = time.monotonic() + _PATIENCE
        for start in range(0, len(missing), _AT_ONCE):
            rows = missing[start : start + _AT_ONCE]
            assert self._fetch is not None
            for row, array in zip(rows, self._fetch(np.asarray(rows, dtype=np.int64)), strict=True):
                self._pictures[row] = self._scaled(array)
            if time.monotonic() > until and start + _AT_ONCE < len(missing):
                self._later.start()
                return

    def _scaled(self, array: np.ndarray) -> QPixmap:
        image, ratio = image_of(array), self.devicePixelRatioF()
        side = round(self._cell * ratio)
        smooth = max(image.width(), image.height()) > side
        mode = Qt.TransformationMode.SmoothTransformation if smooth else Qt.TransformationMode.FastTransformation
        picture = QPixmap.fromImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, mode))
        picture.setDevicePixelRatio(ratio)
        return picture

    def _paint_labels(self, painter: QPainter, geometry: GridGeometry, label: Describe) -> None:
        painter.setFont(sized(self.font(), Size.caption))
        painter.setPen(theme.current().color("muted"))
        metrics, width, shown = painter.fontMetrics(), geometry.cell + GAP, {}
        for row in geometry.visible():
            words, rect = label(row), geometry.rect(row)
            if words not in shown:  # many images share few labels
                shown[words] = metrics.elidedText(words, Qt.TextElideMode.ElideRight, width)
            place = QRect(rect.x() - GAP // 2, rect.bottom() + 2, width, _LABEL - 2)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, shown[words])

    def _geometry(self) -> GridGeometry:
        label = _LABEL if self._label is not None else 0
        width, height = self.viewport().width(), self.viewport().height()
        return GridGeometry(self._count, self._cell, label, width, height, self.verticalScrollBar().value())

    def _measure(self) -> None:
        geometry, bar = self._geometry(), self.verticalScrollBar()
        bar.setRange(0, max(0, geometry.total - geometry.height))
        bar.setPageStep(geometry.height)
        bar.setSingleStep(geometry.line // 2)

    def _scroll_to(self, row: int) -> None:
        geometry, bar = self._geometry(), self.verticalScrollBar()
        top = row // geometry.columns * geometry.line
        if top < bar.value():
            bar.setValue(top)
        elif top + geometry.line > bar.value() + geometry.height:
            bar.setValue(top + geometry.line - geometry.height)
