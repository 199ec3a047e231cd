"""A card that can be chosen among others: a title, a sentence and a small drawing."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from workbench.gui import theme
from workbench.gui.theme import explain, sized
from workbench.gui.tokens import Size, Space
from workbench.gui.widgets.blocks import blocks_of, draw


class ChoiceCard(QAbstractButton):
    """A checkable card; the chosen one has a frame in the accent colour. One that cannot be chosen says why.

    blocks: {kind, shape} of a small drawing at the top right.
    """

    def __init__(
        self, title: str, summary: str, blocks: Sequence[Mapping[str, Any]] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setText(title)
        self._summary = summary
        self._reason = ""
        self._blocks = blocks_of(blocks)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self.setAccessibleDescription(summary)
        self.setToolTip(summary)

    def set_reason(self, reason: str) -> None:
        """Say why this cannot be chosen; an empty reason makes it a choice again."""
        self._reason = reason
        self.setCursor(Qt.CursorShape.ArrowCursor if reason else Qt.CursorShape.PointingHandCursor)
        self.setAccessibleDescription(reason or self._summary)
        explain(self, not reason, reason)
        self.update()

    def reason(self) -> str:
        """Return why it cannot be chosen, or an empty text."""
        return self._reason

    def height_for(self, width: int) -> int:
        """Return how high it has to be, at this width, to show all of its words."""
        flags = int(Qt.TextFlag.TextWordWrap)
        inside = QRect(0, 0, width - 2 * Space.padding, 10_000)
        words = self.fontMetrics().boundingRect(inside, flags, self._reason or self._summary).height()
        title = QFontMetrics(sized(self.font(), Size.text)).height()
        return Space.gap + title + Space.small + words + Space.medium

    def sizeHint(self) -> QSize:
        return QSize(190, 92)

    def minimumSizeHint(self) -> QSize:
        return QSize(132, 92)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        usable = self.isEnabled()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("surface"))
        painter.drawRoundedRect(card, Size.corner, Size.corner)
        if self.isChecked() or self.hasFocus() or (self.underMouse() and usable):
            token = "accent" if self.isChecked() or self.hasFocus() else "line"
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.color(token), 2))
            painter.drawRoundedRect(card, Size.corner, Size.corner)
            if self.hasFocus() and self.isChecked():
                painter.setPen(QPen(colors.color("accent"), 1))
                painter.drawRoundedRect(card.adjusted(3, 3, -3, -3), Size.corner - 3, Size.corner - 3)
        inner = QRectF(self.rect()).adjusted(Space.padding, Space.gap, -Space.padding, -Space.medium)
        drawn = self._draw(painter, inner, usable)
        painter.setFont(sized(self.font(), Size.text, sized(self.font(), Size.text).weight().DemiBold))
        painter.setPen(colors.color("text" if usable else "muted"))
        line = painter.fontMetrics().height()
        title = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(inner.width() - drawn))
        painter.drawText(QRectF(inner.x(), inner.y(), inner.width() - drawn, line), Qt.AlignmentFlag.AlignLeft, title)
        painter.setFont(self.font())
        painter.setPen(colors.color("muted"))
        words = inner.adjusted(0, line + Space.small, 0, 0)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        painter.drawText(words, flags, self._reason or self._summary)

    def _draw(self, painter: QPainter, inner: QRectF, usable: bool) -> float:
        """Draw the small network at the top right and return how wide it is."""
        if not self._blocks:
            return 0.0
        scale, gap = 0.14, 3.0
        width = sum(block.width * scale + 2 + gap for block in self._blocks)
        x, middle = inner.right() - width, inner.y() + 6
        painter.setOpacity(1.0 if usable else 0.4)
        for block in self._blocks:
            front = QRectF(x, middle - block.height * scale / 2, max(2.0, block.width * scale), block.height * scale)
            draw(painter, block, front, QPointF(2, 1.5), theme.current().color(block.token))
            x += front.width() + 2 + gap
        painter.setOpacity(1.0)
        return width + Space.medium
