"""A message in the page: what is so, what to do next, details one click away."""

from typing import Literal

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.icons import paint_icon
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button, icon_button, link_button

Level = Literal["good", "note", "warning", "error"]

_MARKS = {
    "good": ("check", "good"),
    "note": ("info", "accent"),
    "warning": ("warning-fill", "warning"),
    "error": ("warning-circle-fill", "error"),
}


class LevelMark(QWidget):
    """The small sign in front of a message: a tick, a triangle, a circle."""

    def __init__(self, level: Level, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level: Level = level
        self.setFixedSize(16, 18)

    def sizeHint(self) -> QSize:
        return QSize(16, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        name, token = _MARKS[self._level]
        paint_icon(QPainter(self), QRect(0, 2, 15, 15), name, token)


class Banner(QFrame):
    """A card with one message; actions stand on its right, and it can be closed when `set_closable` says so."""

    closed = Signal()

    def __init__(
        self, level: Level, text: str, hint: str = "", details: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        look(self, "card")
        self.level: Level = level
        self._text = _wrapped(text, "plain")
        self._hint = _wrapped(hint, "muted")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._text)
        words.addWidget(self._hint)
        self._line = QHBoxLayout()
        self._line.setSpacing(Space.medium)
        side = Qt.AlignmentFlag.AlignTop if hint else Qt.AlignmentFlag.AlignVCenter  # beside the first line
        self._line.addWidget(LevelMark(level), 0, side)
        self._line.addLayout(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.inner, Space.inner, Space.inner, Space.inner)
        layout.addLayout(self._line)
        self._hint.setVisible(bool(hint))
        self._close = icon_button("x", tr("Close"))
        self._close.clicked.connect(self.close_banner)
        self._close.hide()
        if details:
            self._add_details(layout, details)
        self._line.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{text} {hint}".strip())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @classmethod
    def of_error(cls, error: UserError, parent: QWidget | None = None) -> "Banner":
        """Return the banner that shows `error` in the chosen language."""
        return cls("error", tr(error.message), tr(error.hint), error.details, parent)

    @property
    def text(self) -> str:
        """The message, with its hint."""
        return self.accessibleName()

    def set_text(self, text: str) -> None:
        """Show another message; the hint stays."""
        self._text.setText(text)
        self.setAccessibleName(f"{text} {self._hint.text()}".strip())

    def add_action(self, text: str) -> QPushButton:
        """Add a button on the right and return it, to be connected."""
        result = button(text)
        self._line.insertWidget(self._line.count() - 1, result, 0, Qt.AlignmentFlag.AlignVCenter)
        return result

    def set_closable(self, closable: bool) -> None:
        """Show or hide the button that closes the banner."""
        self._close.setVisible(closable)

    def close_banner(self) -> None:
        """Remove the banner and say so."""
        self.hide()
        self.closed.emit()
        self.deleteLater()

    def _add_details(self, layout: QVBoxLayout, details: str) -> None:
        view = QPlainTextEdit(details)
        view.setReadOnly(True)
        view.setMaximumHeight(160)
        view.setAccessibleName(tr("Details"))
        view.hide()
        toggle = link_button(tr("Details"), tr("Show the technical details of this message"))
        toggle.setCheckable(True)
        copy = link_button(tr("Copy"), tr("Copy the details to the clipboard"))
        copy.hide()
        toggle.toggled.connect(view.setVisible)
        toggle.toggled.connect(copy.setVisible)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
        self._line.addWidget(copy)
        self._line.addWidget(toggle)
        layout.addWidget(view)


def _wrapped(text: str, name: str) -> QLabel:
    label = look(QLabel(text), name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
