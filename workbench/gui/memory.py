"""What the window remembers from one time to the next: place, theme, language, last forms, queue."""

import logging
from typing import Any

from PySide6.QtCore import QObject, QTimer

from workbench.core import paths
from workbench.core.files import read_json, write_json

_SAVE_MILLISECONDS = 1_000  # after the last edit; a crash loses no more than this


class Memory(QObject):
    """Named plain values, kept in one file that is replaced in one piece a second after the last change."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = paths.state() / "window.json"
        known = read_json(self.path, {})
        self._values: dict[str, Any] = known if isinstance(known, dict) else {}
        self._changed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_MILLISECONDS)
        self._timer.timeout.connect(self.flush)

    def get(self, name: str, default: Any) -> Any:
        """Return the value remembered under `name` when it is of the default's type, else `default`."""
        value = self._values.get(name, default)
        return value if isinstance(value, type(default)) else default

    def put(self, name: str, value: Any) -> None:
        """Remember a plain value."""
        if self._values.get(name) != value:
            self._values[name] = value
            self._changed = True
            if not self._timer.isActive():  # not restarted: who edits without a pause must not lose it all
                self._timer.start()

    def flush(self) -> None:
        """Write what has changed now."""
        self._timer.stop()
        if not self._changed:
            return
        self._changed = False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self.path, self._values)
        except (OSError, ValueError) as error:
            logging.getLogger("workbench").warning("The window's memory %s cannot be written: %s", self.path, error)
