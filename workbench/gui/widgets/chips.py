"""Chips: small round buttons in the heading of a card."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from workbench.gui.theme import look


class Chip(QPushButton):
    """A small round button."""

    def __init__(self, text: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        look(self, "chip")
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(tip)
        self.setAccessibleName(text)


class ToggleChip(Chip):
    """A chip that is on or off; `toggled` says so."""

    def __init__(self, text: str, checked: bool = False, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, tip, parent)
        self.setCheckable(True)
        self.setChecked(checked)


class MenuChip(Chip):
    """A chip that shows the chosen one of several values and opens a menu of them.

    choices: value to label. prefix: stands before the label ("Smooth 0.6").
    """

    chosen = Signal(object)

    def __init__(
        self,
        choices: Mapping[Any, str],
        value: Any = None,
        prefix: str = "",
        tip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", tip, parent)
        self._menu = QMenu(self)
        self._prefix = prefix
        self._choices: dict[Any, str] = {}
        self._value: Any = None
        self.setMenu(self._menu)
        self._menu.triggered.connect(self._take)
        self.set_choices(choices, value)

    def set_choices(self, choices: Mapping[Any, str], value: Any = None) -> None:
        """Offer `choices`; `value`, or else the first of them, is chosen without a signal."""
        self._choices = dict(choices)
        self._menu.clear()
        for key, label in self._choices.items():
            action = self._menu.addAction(label)
            action.setCheckable(True)
            action.setData(key)
        self.set_value(value if value in self._choices else next(iter(self._choices), None))

    def value(self) -> Any:
        """Return the chosen value."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Choose `value` without a signal."""
        self._value = value
        label = self._choices.get(value, "")
        self.setText(f"{self._prefix} {label}".strip())
        self.setAccessibleName(self.text())
        for action in self._menu.actions():
            action.setChecked(action.data() == value)

    def _take(self, action: QAction) -> None:
        self.set_value(action.data())
        self.chosen.emit(self._value)


class ActionsChip(Chip):
    """A chip that opens a menu of actions; `add` returns each of them."""

    def __init__(self, text: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, tip, parent)
        self._menu = QMenu(self)
        self.setMenu(self._menu)

    def add(self, text: str) -> QAction:
        """Add an action to the menu and return it, to be connected."""
        return self._menu.addAction(text)
