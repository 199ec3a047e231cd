"""How long the window stood still: every turn of the event loop that took too long goes to the log."""

import time

from PySide6.QtCore import QObject, QTimer

from workbench.gui.notices import log

_LONG = 0.1  # seconds after which a person feels it
_TICK_MILLISECONDS = 50


class Turns(QObject):
    """Measures from one tick to the next; a tick that comes late was kept waiting by something else."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.longest = 0.0  # seconds
        self._at = time.monotonic()
        timer = QTimer(self)
        timer.setInterval(_TICK_MILLISECONDS)
        timer.timeout.connect(self._tick)
        timer.start()

    def _tick(self) -> None:
        now = time.monotonic()
        late = now - self._at - _TICK_MILLISECONDS / 1e3
        self._at = now
        self.longest = max(self.longest, late)
        if late > _LONG:
            log.warning("The window stood still for %.0f ms", late * 1e3)
