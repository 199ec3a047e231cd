"""How much longer a job takes, judged by how far it has come."""

import time

from workbench.gui import figures

_LEAST_SECONDS = 0.7  # a guess from less than this would jump about


class Remaining:
    """Judges the time left in each stage of a job from the pace of that stage so far."""

    def __init__(self) -> None:
        self._stage: object = None
        self._began = 0.0
        self._first = 0

    def left(self, stage: object, done: int, total: int) -> str:
        """Return the time left in `stage` as words, or an empty text while it cannot be known."""
        now = time.monotonic()
        if stage != self._stage or done < self._first:
            self._stage, self._began, self._first = stage, now, done
        elapsed = now - self._began
        if total <= 0 or done <= self._first or elapsed < _LEAST_SECONDS:
            return ""
        return figures.left(elapsed * (total - done) / (done - self._first))
