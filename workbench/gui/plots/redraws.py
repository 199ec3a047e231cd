"""When plots are drawn: one at a time, each at most twenty times a second, and only what is seen."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

_APART_SECONDS = 0.05  # between two drawings of one plot
_REST_MILLISECONDS = 4  # between the drawings of two plots: what else waits comes in between


class Redraws(QObject):
    """Calls `draw` soon after `ask`, once however often it was asked for."""

    _free_at = 0.0  # of all plots: when the next of them may be drawn

    def __init__(self, draw: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._draw = draw
        self._drawn_at = -_APART_SECONDS
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self._act)

    def ask(self) -> None:
        """Draw as soon as it may be."""
        if not self.timer.isActive():
            now = time.monotonic()
            at = max(now, self._drawn_at + _APART_SECONDS, Redraws._free_at)
            Redraws._free_at = max(Redraws._free_at, now) + _REST_MILLISECONDS / 1e3
            self.timer.start(round((at - now) * 1e3))

    def done(self) -> None:
        """Note that it has been drawn."""
        self.timer.stop()
        self._drawn_at = time.monotonic()

    def _act(self) -> None:
        self.done()
        self._draw()
