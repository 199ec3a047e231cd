"""Work of the window's own thread that is cut into steps, so that the window stays quick meanwhile."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer, Signal


class Gradual(QObject):
    """Takes one step of an iterator a turn of the event loop once it was started, or all that are left at once."""

    done = Signal()  # the last step was taken

    def __init__(self, steps: Iterator[None], parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Iterator[None] | None = steps
        self._next = QTimer(self)
        self._next.timeout.connect(self._take_step)

    def is_done(self) -> bool:
        """Return whether no step is left."""
        return self._steps is None

    def start(self) -> None:
        """Take the steps that are left, one a turn; `done` tells of the end."""
        if not self.is_done():
            self._next.start(0)

    def complete(self) -> None:
        """Take the steps that are left, now."""
        while not self.is_done():
            self._take_step()

    def stop(self) -> None:
        """Leave out the steps that are left."""
        self._next.stop()
        self._steps = None

    def _take_step(self) -> None:
        steps = self._steps
        if steps is not None and next(steps, self) is self:
            self.stop()
            self.done.emit()
