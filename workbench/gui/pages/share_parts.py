"""Rows of the Share page: something that can be saved, and a command that can be copied."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.icons import icon
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button


class Offer(QWidget):
    """An icon, what it is, a sentence about it, and the button that saves it."""

    wanted = Signal()

    def __init__(self, icon_name: str, title: str, text: str, action: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sign = QLabel()
        sign.setPixmap(icon(icon_name, "muted").pixmap(QSize(24, 24)))
        heading = look(QLabel(title), "heading")
        sentence = look(QLabel(text), "muted")
        sentence.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(heading)
        words.addWidget(sentence)
        self.button = button(action)
        self.button.setAccessibleName(action)
        self.button.clicked.connect(self.wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, Space.small, 0, Space.small)
        layout.setSpacing(Space.gap)
        layout.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._line = layout

    def add_choice(self, widget: QWidget) -> None:
        """Put something to choose before the button."""
        self._line.insertWidget(self._line.count() - 1, widget, 0, Qt.AlignmentFlag.AlignVCenter)


def fixed_font() -> QFont:
    """Return the font in which commands and logs are shown."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(12)
    return font


class CommandLine(QWidget):
    """A line of text to copy, in a fixed-width font."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setReadOnly(True)
        self.line.setAccessibleName(title or tr("Folder of the run"))
        self.line.setFont(fixed_font())
        self.copy = button(tr("Copy"), "copy", tr("Copies this line to the clipboard."))
        self.copy.setAccessibleName(tr("Copy: {what}", what=self.line.accessibleName()))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.line.text()))
        row = QHBoxLayout()
        row.setSpacing(Space.medium)
        row.addWidget(self.line, 1)
        row.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.small)
        if title:
            layout.addWidget(QLabel(title))
        layout.addLayout(row)

    def set_command(self, text: str) -> None:
        """Show this line, from its beginning."""
        self.line.setText(text)
        self.line.setCursorPosition(0)
        self.line.setToolTip(text)
