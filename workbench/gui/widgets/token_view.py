"""A text whose tokens can be seen: each has a colour behind it, and tells when a person points at it."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workbench.gui import theme

_MOST = 200_000  # characters that are shown; the beginning goes first


@dataclass(frozen=True)
class Shade:
    """What stands behind a token. color: a name in the table of colours; strength: 0 to 1."""

    color: str = "accent"
    strength: float = 0.0


class TokenView(QPlainTextEdit):
    """Shows text made of tokens; read-only, so that the arrow keys move over them.

    pointed: the number of the token under the mouse or the text cursor, or -1 beside all of them.
    """

    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ends: list[int] = []  # of each token, in units of the document
        self._shades: list[Shade] = []
        self._begin = 0  # characters before the first token
        self._at = -1
        self._shaded = True
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)
        self.setTabChangesFocus(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.viewport().setMouseTracking(True)
        self.viewport().installEventFilter(self)
        self.cursorPositionChanged.connect(lambda: self._point(self.textCursor().position()))
        theme.current().changed.connect(self._paint_again)

    def clear_tokens(self, before: str = "") -> None:
        """Show nothing but a text without tokens, muted."""
        self._ends, self._shades, self._at = [], [], -1
        self.clear()
        cursor = QTextCursor(self.document())
        look = QTextCharFormat()
        look.setForeground(theme.current().color("muted"))
        cursor.insertText(before, look)
        self._begin = cursor.position()

    def append_tokens(self, tokens: Iterable[tuple[str, Shade]]) -> None:
        """Add tokens behind those that are there; who is at the end of the text stays there."""
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        for text, shade in tokens:
            cursor.insertText(text, self._format(shade))
            self._ends.append(cursor.position())
            self._shades.append(shade)
        cursor.endEditBlock()
        if at_end:
            bar.setValue(bar.maximum())

    def set_shaded(self, on: bool) -> None:
        """Show what stands behind the tokens, or not."""
        self._shaded = on
        self._paint_again()

    def tokens(self) -> Sequence[str]:
        """Return the texts of the tokens as they are shown."""
        text = self.toPlainText()
        units = text.encode("utf-16-le")
        begins = [self._begin, *self._ends[:-1]]
        pairs = zip(begins, self._ends, strict=True)
        return [units[2 * begin : 2 * end].decode("utf-16-le", "replace") for begin, end in pairs]

    def is_full(self) -> bool:
        """Return whether no more should be added."""
        return self.document().characterCount() > _MOST

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._point(self._position_at(event.position().toPoint()))
        elif event.type() == QEvent.Type.Leave:
            self._tell(-1)
        return super().eventFilter(watched, event)

    def _position_at(self, point: QPoint) -> int:
        """Return the position of the sign under the mouse, or -1 beside the text."""
        cursor = self.cursorForPosition(point)
        place = self.cursorRect(cursor)
        if point.x() < place.x() and not cursor.atStart():
            cursor.movePosition(QTextCursor.MoveOperation.Left)
            place = self.cursorRect(cursor)
        far = abs(point.y() - place.center().y()) > place.height() or point.x() > place.x() + 3 * place.height()
        return -1 if far else cursor.position()

    def _point(self, position: int) -> None:
        inside = bool(self._ends) and self._begin <= position < self._ends[-1]
        self._tell(bisect_right(self._ends, position) if inside else -1)

    def _tell(self, number: int) -> None:
        if number != self._at:
            self._at = number
            self.pointed.emit(number)

    def _format(self, shade: Shade) -> QTextCharFormat:
        look = QTextCharFormat()
        look.setForeground(theme.current().color("text"))
        if self._shaded and shade.strength > 0:
            color = QColor(theme.current().color(shade.color))
            color.setAlphaF(min(1.0, shade.strength))
            look.setBackground(color)
        return look

    def _paint_again(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        done = self._begin
        for end, shade in zip(self._ends, self._shades, strict=True):
            cursor.setPosition(done)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._format(shade))
            done = end
        cursor.endEditBlock()


def visible(text: str) -> str:
    """Return a token as it can be read by itself: blanks and line breaks as signs."""
    signs: Any = {" ": "␣", "\n": "↵", "\t": "⇥"}
    return "".join(signs.get(sign, sign) for sign in text) or "∅"
