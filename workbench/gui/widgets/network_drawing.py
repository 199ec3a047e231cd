"""A drawing of a network: its layers as blocks, from the input at the left to the output at the right."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.core.words import plural, tr
from workbench.gui import figures, theme
from workbench.gui.theme import sized
from workbench.gui.tokens import Size
from workbench.gui.widgets.blocks import Block, blocks_of, draw, shortened

_TALLEST = 150.0
_ROOM = 22.0  # between blocks


class NetworkDrawing(QWidget):
    """Draws blocks of {kind, label, shape}; scales to its width and leaves out the middle of a long network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks: list[Block] = []
        self._places: list[tuple[QRectF, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(120)
        self.installEventFilter(self)
        self.set_blocks([])

    def set_blocks(self, layers: Sequence[Mapping[str, Any]]) -> None:
        """Show `layers`, each {kind, label, shape}; kinds are input, conv, pool, linear, embedding, attention…"""
        self._blocks = blocks_of(layers)
        spoken = ", ".join(f"{block.label} {figures.shape(block.shape)}" for block in self._blocks)
        self.setAccessibleName(
            tr("Drawing of the network: {layers}", layers=spoken) if spoken else tr("Drawing of the network")
        )
        self.update()

    def blocks(self) -> list[Block]:
        """Return the blocks that are drawn, before any are left out."""
        return list(self._blocks)

    def sizeHint(self) -> QSize:
        return QSize(480, 230)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._places = []
        if not self._blocks:
            return
        font = sized(self.font(), Size.caption)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        head, left_out, tail = self._fitting(metrics)
        shown = head + tail
        columns = [self._column(block, metrics) for block in shown]
        if left_out:
            columns.insert(len(head), metrics.horizontalAdvance(_more(left_out)))
        words_height = 2 * metrics.height() + 12
        scale = min(1.9, max(0.3, (self.height() - words_height - 16) / _TALLEST))
        wide = sum(columns)
        room = (self.width() - wide) / (len(columns) + 1)
        if room < 2:
            scale = max(0.3, scale * (self.width() - 2 * len(columns)) / wide)
            room = 2.0
        middle = (self.height() - words_height) / 2
        self._paint(painter, shown, columns, len(head) if left_out else -1, left_out, scale, room, middle)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            point = QPointF(event.pos())
            words = next((words for place, words in self._places if place.contains(point)), "")
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return False

    def _paint(
        self,
        painter: QPainter,
        shown: list[Block],
        columns: list[float],
        gap: int,
        left_out: int,
        scale: float,
        room: float,
        middle: float,
    ) -> None:
        colors = theme.current()
        pending, x, before = list(shown), room, None
        bottom = middle + min(_TALLEST * scale, self.height()) / 2 + 12
        for number, column in enumerate(columns):
            centre = x + column / 2
            if number == gap:
                painter.setPen(colors.color("muted"))
                painter.drawText(QRectF(x, middle - 12, column, 24), Qt.AlignmentFlag.AlignCenter, _more(left_out))
                edges = (centre - column / 2, centre + column / 2)
            else:
                edges = self._paint_block(painter, pending.pop(0), centre, column + room, middle, bottom, scale)
            if before is not None and edges[0] - before > 10:
                painter.setPen(QPen(colors.color("muted"), 1))
                painter.drawLine(QPointF(before + 5, middle), QPointF(edges[0] - 5, middle))
            before = edges[1]
            x += column + room

    def _paint_block(
        self, painter: QPainter, block: Block, centre: float, column: float, middle: float, bottom: float, scale: float
    ) -> tuple[float, float]:
        colors = theme.current()
        across = min(1.3, scale)
        depth = QPointF(block.depth * across, block.depth * across * 0.7)
        width, height = block.width * across, block.height * scale
        front = QRectF(centre - (width + depth.x()) / 2, middle - height / 2, width, height)
        if block.kind == "input" and len(block.shape) <= 1:
            _tokens(painter, front)
        else:
            draw(painter, block, front, depth, colors.color(block.token))
        painter.setPen(colors.color("muted"))
        metrics = painter.fontMetrics()
        for line, text in enumerate((block.label, figures.shape(block.shape))):
            place = QRectF(centre - column / 2, bottom + line * metrics.height(), column, metrics.height())
            words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(column))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
        self._places.append((front.adjusted(-6, -12, 14, 6), f"{block.label}  {figures.shape(block.shape)}"))
        return front.left(), front.right() + depth.x()

    def _fitting(self, metrics: QFontMetricsF) -> tuple[list[Block], int, list[Block]]:
        most = len(self._blocks)
        while most > 3:
            head, left_out, tail = shortened(self._blocks, most)
            columns = [self._column(block, metrics) for block in head + tail]
            needed = sum(columns) + (metrics.horizontalAdvance(_more(left_out)) if left_out else 0)
            if needed + 8 * len(columns) <= self.width():
                return head, left_out, tail
            most -= 1
        return shortened(self._blocks, most)

    def _column(self, block: Block, metrics: QFontMetricsF) -> float:
        words = max(metrics.horizontalAdvance(block.label), metrics.horizontalAdvance(figures.shape(block.shape)))
        return max(block.width + block.depth + 12, min(words, 110.0) + 4)


def _tokens(painter: QPainter, front: QRectF) -> None:
    """Draw the input of a text network: a strip of tokens."""
    colors = theme.current()
    painter.setPen(Qt.PenStyle.NoPen)
    side, gap = 11.0, 3.0
    count = max(3, int(front.height() // (side + gap)))
    top = front.center().y() - count * (side + gap) / 2
    for number in range(count):
        color = colors.color("muted")
        color.setAlphaF(0.35 + 0.5 * ((number * 7) % 5) / 4)
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(front.center().x() - side / 2, top + number * (side + gap), side, side), 2, 2)


def _more(left_out: int) -> str:
    return plural(left_out, "… {count} more …", "… {count} more …")
