"""Watches over what trains: when nothing comes from a run for a minute, a person is asked what to do."""

import time

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.gui.follower import Follower
from workbench.gui.jobs import Trainings

STILL_SECONDS = 60.0
_LOOK_MILLISECONDS = 1_000


class Watchdog(QObject):
    """Says once that a run has gone still, and that it moves again."""

    still = Signal(str)  # name of a live run from which nothing has come for so long
    moved = Signal(str)  # name of one that was still, and is not any more

    def __init__(self, follower: Follower, trainings: Trainings, parent: QObject) -> None:
        super().__init__(parent)
        self.seconds = STILL_SECONDS
        self._follower, self._trainings = follower, trainings
        self._heard: dict[str, float] = {}
        self._patience: dict[str, float] = {}
        self._told: set[str] = set()
        follower.batch.connect(lambda batches: [self._hear(name) for name in batches])
        trainings.ended.connect(lambda name, error: self._forget(name))
        timer = QTimer(self)
        timer.setInterval(_LOOK_MILLISECONDS)
        timer.timeout.connect(self.look)
        timer.start()

    def look(self) -> None:
        """Look at every live run; the timer does this."""
        now = time.monotonic()
        for name in self._trainings.live():
            if self._follower.state(name) == "paused":
                self._hear(name)
            silent = now - self._heard.setdefault(name, now)
            if silent > self._patience.get(name, self.seconds) and name not in self._told:
                self._told.add(name)
                self.still.emit(name)

    def wait(self, name: str) -> None:
        """Give this run twice the time before it is told of again."""
        self._patience[name] = 2 * self._patience.get(name, self.seconds)
        self._heard[name] = time.monotonic()
        self._told.discard(name)

    def _hear(self, name: str) -> None:
        self._heard[name] = time.monotonic()
        if name in self._told:
            self._told.discard(name)
            self.moved.emit(name)

    def _forget(self, name: str) -> None:
        self._heard.pop(name, None)
        self._patience.pop(name, None)
        if name in self._told:
            self._told.discard(name)
            self.moved.emit(name)
