"""A row of the Share page: something that can be had of a run."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.sign import Sign


class Offer(QWidget):
    """An icon, what it is, a sentence about it, and the button that saves it."""

    wanted = Signal()

    def __init__(self, icon_name: str, title: str, text: str, action: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        layout.addWidget(Sign(icon_name, "muted", 24), 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._line = layout

    def add_choice(self, widget: QWidget) -> None:
        """Put something to choose before the button."""
        self._line.insertWidget(self._line.count() - 1, widget, 0, Qt.AlignmentFlag.AlignVCenter)
