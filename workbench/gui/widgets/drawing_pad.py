"""A small pad to draw a sign on."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QTabletEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.words import tr
from workbench.gui import theme

_SIDE = 280  # pixels of the drawing itself, whatever its size on the screen


class DrawingPad(QWidget):
    """Draws with mouse or pen; every finished stroke emits the whole drawing.

    white_on_black: as in MNIST; otherwise like ink on paper. Ctrl+Z takes the last stroke back, Delete clears.
    """

    drawn = Signal(QImage)

    def __init__(self, white_on_black: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._white_on_black = white_on_black
        self._width = 22.0
        self._strokes: list[tuple[QPainterPath, float]] = []
        self._open: QPainterPath | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(120, 120)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self.setAccessibleName(tr("Drawing pad"))
        self.setToolTip(tr("Draw with the mouse or a pen. Ctrl+Z takes the last stroke back, Delete clears."))

    def image(self) -> QImage:
        """Return the drawing as a grey image of 280×280 pixels."""
        image = QImage(_SIDE, _SIDE, QImage.Format.Format_Grayscale8)
        image.fill(Qt.GlobalColor.black if self._white_on_black else Qt.GlobalColor.white)
        painter = QPainter(image)
        self._paint_strokes(painter)
        painter.end()
        return image

    def is_empty(self) -> bool:
        """Return whether nothing has been drawn."""
        return not self._strokes

    def clear(self) -> None:
        """Remove every stroke."""
        self._strokes.clear()
        self._open = None
        self.update()

    def undo(self) -> None:
        """Remove the last stroke and emit what is left, if anything is."""
        if self._strokes:
            self._strokes.pop()
            self.update()
            if self._strokes:
                self.drawn.emit(self.image())

    def set_pen_width(self, width: float) -> None:
        """Use a pen of `width` pixels (of 280) from the next stroke on."""
        self._width = max(1.0, float(width))

    def set_white_on_black(self, white_on_black: bool) -> None:
        """Choose the colours and emit the drawing in them."""
        self._white_on_black = white_on_black
        self.update()
        if self._strokes:
            self.drawn.emit(self.image())

    def sizeHint(self) -> QSize:
        return QSize(_SIDE, _SIDE)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._end()

    def tabletEvent(self, event: QTabletEvent) -> None:
        if event.type() == QEvent.Type.TabletPress:
            self._begin(event.position())
        elif event.type() == QEvent.Type.TabletMove and self._open is not None:
            self._go(event.position())
        elif event.type() == QEvent.Type.TabletRelease:
            self._end()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Z and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.undo()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        frame = self._frame()
        painter = QPainter(self)
        painter.fillRect(frame, Qt.GlobalColor.black if self._white_on_black else Qt.GlobalColor.white)
        painter.save()
        painter.setClipRect(frame)
        painter.translate(frame.topLeft())
        painter.scale(frame.width() / _SIDE, frame.height() / _SIDE)
        self._paint_strokes(painter)
        painter.restore()
        focused = self.hasFocus()
        painter.setPen(QPen(theme.current().color("accent" if focused else "line"), 2 if focused else 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawRect(frame.toAlignedRect().adjusted(0, 0, -1, -1))

    def _frame(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) // 2, (self.height() - side) // 2, side, side)

    def _paint_strokes(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = Qt.GlobalColor.white if self._white_on_black else Qt.GlobalColor.black
        for path, width in self._strokes:
            painter.setPen(
                QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
            )
            painter.drawPath(path)

    def _begin(self, position: QPointF) -> None:
        self._open = QPainterPath(self._on_pad(position))
        self._open.lineTo(self._on_pad(position) + QPointF(0.1, 0))
        self._strokes.append((self._open, self._width))
        self.update()

    def _go(self, position: QPointF) -> None:
        if self._open is not None:
            self._open.lineTo(self._on_pad(position))
            self._strokes[-1] = (self._open, self._strokes[-1][1])
            self.update()

    def _end(self) -> None:
        if self._open is not None:
            self._open = None
            self.drawn.emit(self.image())

    def _on_pad(self, position: QPointF) -> QPointF:
        frame = self._frame()
        scale = _SIDE / max(1.0, frame.width())
        return (position - frame.topLeft()) * scale
