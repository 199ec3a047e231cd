"""A card: the white (or dark) sheet on which things stand."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.elided_label import ElidedLabel


class Card(QFrame):
    """A sheet with an optional heading, a muted note beside it and actions on the right; content goes into `body`.

    title: bold heading. caption: the small muted heading of a form.
    """

    def __init__(self, title: str = "", caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "card")
        self._title = look(QLabel(), "heading")
        self._caption = look(QLabel(), "caption")
        self._note = look(ElidedLabel(), "muted")
        self._header = QHBoxLayout()
        self._header.setSpacing(Space.medium)
        self._header.addWidget(self._title)
        self._header.addWidget(self._caption)
        self._header.addWidget(self._note, 1)
        self.body = QVBoxLayout()
        self.body.setSpacing(Space.medium)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.padding, Space.padding, Space.padding, Space.padding)
        layout.setSpacing(Space.medium)
        layout.addLayout(self._header)
        layout.addLayout(self.body, 1)
        self.set_title(title)
        self.set_caption(caption)
        self.set_note("")

    def set_title(self, text: str) -> None:
        """Show `text` as the heading, or none."""
        self._title.setText(text)
        self._title.setVisible(bool(text))
        if text:
            self.setAccessibleName(text)

    def set_caption(self, text: str) -> None:
        """Show `text` as a small muted heading, or none."""
        self._caption.setText(text)
        self._caption.setVisible(bool(text))
        if text and not self._title.text():
            self.setAccessibleName(text)

    def set_note(self, text: str) -> None:
        """Show `text` muted beside the heading, or none."""
        self._note.setText(text)
        self._note.setVisible(bool(text) or bool(self._title.text()) or bool(self._caption.text()))

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Put `widget` below what is there."""
        self.body.addWidget(widget, stretch)

    def add_action(self, widget: QWidget) -> None:
        """Put `widget` (a chip, a button) at the right end of the heading's line."""
        widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._note.setVisible(True)
        self._header.addWidget(widget)
