"""A command, address or path that is there to be copied."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.theme import explain, fixed_font
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button


class CommandLine(QWidget):
    """A line of text to copy, in a fixed-width font.

    title: what stands above it, if anything. name: what it is called where nothing does.
    """

    def __init__(self, title: str = "", name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setReadOnly(True)
        self.line.setAccessibleName(title or name)
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
        self.set_command("")

    def set_command(self, text: str, why: str = "") -> None:
        """Show this line, from its beginning; why: there is none."""
        self.line.setText(text)
        self.line.setCursorPosition(0)
        self.line.setToolTip(text)
        explain(self.copy, bool(text), why)
