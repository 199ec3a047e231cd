"""A curve on the screen: as many columns as the screen has, so that ten million points cost what a thousand do.

A width of two pixels with soft edges is what a line should look like, and what a raster is slowest at: noisy points
drawn so as one path take a second. Here what is noisy becomes one upright bar a column, without soft edges, and what is
smooth becomes a line of separate segments, which is ten times faster than one path and looks the same.
"""

import numpy as np
import pyqtgraph
import shiboken6
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPen, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from workbench.gui.plots.columns import Columns, bars, columns_of, segments

_FEW = 300  # points that may be drawn as one path: soft, dashed, and quick enough
_TALL = 3.0  # pixels from a column's least to its greatest value beyond which it is seen as a bar
_MARGIN = 8  # pixels beside what is exposed that are drawn with it: lines have a width, and reach their neighbours
_NOTHING = np.empty(0)


class Trace(pyqtgraph.GraphicsObject):
    """Draws blocks of points: steps that rise, with the least and greatest value of each; NaN breaks the line."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(pyqtgraph.GraphicsObject.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # says what is exposed
        self.pen = QPen(Qt.PenStyle.NoPen)
        self._steps = self._low = self._high = _NOTHING
        self._noisy: bool | None = None  # None: to be judged when all of it is drawn

    def set_pen(self, color: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> None:
        """Draw with this colour, opaque: what shines through is blended pixel by pixel, ten times as slowly."""
        self.pen = QPen(color, width, style, Qt.PenCapStyle.FlatCap)
        self.pen.setCosmetic(True)
        if style == Qt.PenStyle.DashLine:
            self.pen.setDashPattern([4, 2])
        self.update()

    def set_blocks(self, steps: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Draw these blocks, (n,) each, in place of those before; only what differs is drawn again."""
        before = self._steps, self._low, self._high
        self._steps, self._low, self._high = steps, low, high
        same = min(_alike(old, new) for old, new in zip(before, (steps, low, high), strict=True))
        if same == len(steps) == len(before[0]):
            return
        rect, view = self.boundingRect(), self.getViewBox()
        if same <= _FEW or rect.isEmpty() or view is None:
            self._noisy = None
            self.update()
            return
        rect.setLeft(float(steps[same - 1]) - _MARGIN * rect.width() / max(1.0, view.width()))
        self.update(rect)

    def outline(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the points of a line through the least and greatest value of each block."""
        if self._low is self._high or np.array_equal(self._low, self._high, equal_nan=True):
            return self._steps, self._low
        values = np.empty(2 * len(self._low))
        values[0::2], values[1::2] = self._low, self._high
        return np.repeat(self._steps, 2), values

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect() or QRectF())

    def viewTransformChanged(self) -> None:
        super().viewTransformChanged()
        self._noisy = None
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        engine = painter.paintEngine()
        if len(self._steps) <= _FEW or (engine is not None and engine.type() == QPaintEngine.Type.SVG):
            self._paint_path(painter)  # vectors are drawn once, and have no columns
            return
        ratio = painter.device().devicePixelRatio()
        width, tall = self.pen.widthF() * ratio, _TALL * ratio
        if self._noisy is None:
            height = self._columns(painter, slice(None)).height
            self._noisy = len(height) > 0 and float(np.median(height)) > tall
        part = self._exposed(option.exposedRect, abs(painter.worldTransform().m11()))  # type: ignore[attr-defined]
        columns = self._columns(painter, part)
        painter.save()
        if self._noisy:
            self._paint_bars(painter, columns.reaching(), width)
        else:
            self._paint_segments(painter, self._columns(painter, part, 2), width, tall)
            self._paint_bars(painter, columns.where(columns.height > tall), width)
        painter.restore()

    def _columns(self, painter: QPainter, part: slice, broad: int = 1) -> Columns:
        """Return the columns of the device, each so many pixels broad, that these blocks fall into."""
        to_screen, ratio = painter.worldTransform(), painter.device().devicePixelRatio()
        return columns_of(
            (self._steps[part] * to_screen.m11() + to_screen.dx()) * ratio,
            (self._low[part] * to_screen.m22() + to_screen.dy()) * ratio,
            (self._high[part] * to_screen.m22() + to_screen.dy()) * ratio,
            broad,
        )

    def _exposed(self, rect: QRectF, scale: float) -> slice:
        """Return which blocks are seen in `rect`, with some to either side; a dashed line is counted from its start."""
        if self.pen.style() != Qt.PenStyle.SolidLine:
            return slice(None)
        margin = _MARGIN / max(scale, 1e-300)
        start, stop = np.searchsorted(self._steps, (rect.left() - margin, rect.right() + margin))
        return slice(max(0, int(start) - 2), int(stop) + 2)

    def _paint_path(self, painter: QPainter) -> None:
        if not len(self._steps):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(pyqtgraph.functions.arrayToQPath(*self.outline(), connect="finite"))

    def _paint_bars(self, painter: QPainter, columns: Columns, width: float) -> None:
        if not len(columns.x):
            return
        drawn = bars(columns, width)
        _use_pixels(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.pen.color())
        painter.drawRects(shiboken6.wrapInstance(drawn.ctypes.data, QRectF), len(drawn))  # type: ignore[call-overload]

    def _paint_segments(self, painter: QPainter, columns: Columns, width: float, tall: float) -> None:
        solid = self.pen.style() == Qt.PenStyle.SolidLine
        drawn = segments(columns, width, [] if solid else self.pen.dashPattern(), tall)
        if not len(drawn):
            return
        pen = QPen(self.pen.color(), width)
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)  # closes the joints
        _use_pixels(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        painter.drawLines(shiboken6.wrapInstance(drawn.ctypes.data, QLineF), len(drawn))  # type: ignore[call-overload]


def _use_pixels(painter: QPainter) -> None:
    """Let the painter count in pixels of its device."""
    ratio = painter.device().devicePixelRatio()
    painter.setWorldTransform(QTransform.fromScale(1 / ratio, 1 / ratio))


def _alike(old: np.ndarray, new: np.ndarray) -> int:
    """Return how many values the two have in common from the beginning on."""
    length = min(len(old), len(new))
    old, new = old[:length], new[:length]
    different = (old != new) & ~(np.isnan(old) & np.isnan(new))
    return int(np.argmax(different)) if different.any() else length
