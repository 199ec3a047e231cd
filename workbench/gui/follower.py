"""Follows run folders: what is new in all of them is handed over as one batch, about ten times a second."""

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.core.events import Answered, Ending, Started
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import Batch, RunReader, State

_TICK_MILLISECONDS = 100
_TICKS_PER_STATE = 4  # the lock and the heartbeat are looked at less often


class Follower(QObject):
    """Reads the runs it follows from their beginning on; a run is read by the same words live or years later."""

    batch = Signal(object)  # run's name to Batch, at most once a tick
    state_changed = Signal(str, str)  # run's name, State; also once after it was first read

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._readers: dict[str, RunReader] = {}
        self._states: dict[str, State] = {}
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MILLISECONDS)
        self._timer.timeout.connect(self.tick)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.tick)

    def follow(self, folder: RunFolder) -> None:
        """Read this run from its beginning on, also when it is followed already."""
        self._readers[folder.name] = RunReader(folder)
        self._states.pop(folder.name, None)
        self._timer.start()
        self._soon.start(0)  # whoever opens a run waits for it

    def forget(self, name: str) -> None:
        """Read this run no more."""
        self._readers.pop(name, None)
        self._states.pop(name, None)
        if not self._readers:
            self._timer.stop()
            self._soon.stop()

    def stop(self) -> None:
        """Forget every run."""
        for name in list(self._readers):
            self.forget(name)

    def followed(self) -> list[str]:
        return list(self._readers)

    def state(self, name: str) -> State | None:
        """Return what a followed run is doing, or None before it was read."""
        return self._states.get(name)

    def tick(self) -> None:
        """Hand over what is new; the timer does this."""
        self._ticks += 1
        new: dict[str, Batch] = {}
        looked_at: list[str] = []
        for name, reader in list(self._readers.items()):
            batch = reader.read()
            if batch:
                new[name] = batch
            turned = any(isinstance(event, Started | Answered | Ending) for event in batch.events)
            if turned or name not in self._states or self._ticks % _TICKS_PER_STATE == 0:
                looked_at.append(name)
        if new:
            self.batch.emit(new)
        for name in looked_at:
            self._look(name)

    def _look(self, name: str) -> None:
        reader = self._readers.get(name)
        if reader is None:
            return  # forgotten by whoever took the batch
        state = reader.state()
        if state != self._states.get(name):
            self._states[name] = state
            self.state_changed.emit(name, state)
