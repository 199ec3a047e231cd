"""How the window ended the last time: a file that a clean end removes, held by whoever has the window open."""

from typing import IO

from workbench.core import paths, run_lock


class LastTime:
    """The mark of one window; each folder of runs has its own, for each can have a window."""

    def __init__(self, name: str) -> None:
        """name: of the window, as a file may be called."""
        self._path = paths.state() / f"open-{name}"
        self._held: IO[bytes] | None = None

    def begin(self) -> bool:
        """Mark the window as open; return whether it was left so by one that is gone.

        The system lets go of the lock however a process ends, so that neither a crash nor kill -9 goes unseen, and a
        window that is still there is not taken for one that crashed.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            left = self._path.exists()
            self._held = run_lock.take(self._path)
        except OSError:
            return False  # there is no place to remember it
        return left and self._held is not None

    def end(self) -> None:
        """Say that the end was a clean one."""
        if self._held is None:
            return
        self._held.close()
        self._held = None
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return  # the next start tells of a crash that was none, which is the smaller harm
