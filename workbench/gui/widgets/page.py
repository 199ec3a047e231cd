"""The frame of every page: title, one line that says what is here or what to do next, actions, and the content."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.elided_label import ElidedLabel


class Page(QWidget):
    """A titled page; content goes into `body`, the one primary action stands at the top right."""

    def __init__(self, title: str, line: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setAccessibleName(title)
        self._title = look(QLabel(), "title")
        self._line = look(ElidedLabel(), "muted")
        self._primary: QPushButton | None = None
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._line)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(Space.padding)
        header = QHBoxLayout()
        header.setSpacing(Space.padding)
        header.addLayout(words, 1)
        header.addLayout(self._actions)
        self._banners = QVBoxLayout()
        self._banners.setSpacing(Space.medium)
        self.body = QVBoxLayout()
        self.body.setSpacing(Space.gap)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.page, 21, Space.page, 22)
        layout.setSpacing(Space.gap)
        layout.addLayout(header)
        layout.addLayout(self._banners)
        layout.addLayout(self.body, 1)
        self.set_title(title)
        self.set_line(line)

    def set_title(self, text: str) -> None:
        """Show `text` as the page's title."""
        self._title.setText(text)

    def set_line(self, text: str) -> None:
        """Show `text` muted below the title; it is elided where it does not fit."""
        self._line.setText(text)

    def set_primary(self, button: QPushButton) -> None:
        """Make `button` the page's main action, at the right end; the one before it is removed."""
        if self._primary is not None and self._primary is not button:
            self._actions.removeWidget(self._primary)
            self._primary.deleteLater()
        self._primary = button
        self._actions.addWidget(button)

    def add_action(self, widget: QWidget) -> None:
        """Put a secondary action to the left of the primary one."""
        widget.setSizePolicy(widget.sizePolicy().horizontalPolicy(), QSizePolicy.Policy.Fixed)
        self._actions.insertWidget(self._actions.count() - (self._primary is not None), widget)

    def show_banner(self, banner: Banner) -> Banner:
        """Show `banner` below the title until it is closed, and return it."""
        self._banners.addWidget(banner)
        return banner

    def clear_banners(self) -> None:
        """Remove all banners."""
        while item := self._banners.takeAt(0):
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
