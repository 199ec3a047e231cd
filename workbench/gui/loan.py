"""Settings that are lent to the next run alone: afterwards, and for other data, the form has again what was its own."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.gui.draft import identity_of
from workbench.gui.memory import Memory


class Loan(QObject):
    """What is lent is remembered beyond the window, as the forms are; a form filled in anew is owed nothing."""

    returned = Signal(object)  # [training] in part: what the form had before
    over = Signal()  # nothing is lent any more

    def __init__(self, memory: Memory, parent: QObject) -> None:
        super().__init__(parent)
        self._memory = memory

    def lend(self, data: Mapping[str, Any], own: Mapping[str, Any]) -> None:
        """Lend settings for these data; own: what the form has of its own in their place."""
        self._memory.put("loan", {"data": identity_of(data), "own": dict(own)})

    def is_on(self) -> bool:
        """Return whether something is lent."""
        return bool(self._own())

    def look_at(self, data: Mapping[str, Any]) -> None:
        """End when these data are others than what was lent is for."""
        if self.is_on() and self._memory.get("loan", {}).get("data") != identity_of(data):
            self.end()

    def end(self) -> None:
        """Give back what the form had before."""
        own = self._own()
        self.drop()
        if own:
            self.returned.emit(own)

    def drop(self) -> None:
        """Forget what was lent: the form is filled in anew."""
        if self.is_on():
            self._memory.put("loan", {})
            self.over.emit()

    def _own(self) -> dict[str, Any]:
        own = self._memory.get("loan", {}).get("own")
        return own if isinstance(own, dict) else {}
