"""Asking again and again while someone types: only the answer to the newest question counts."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal


class Latest(QObject):
    """Asks the engine one thing with ever newer arguments, and tells the answer to the newest alone.

    While a question is under way the next one waits, so the engine is never given a queue of outdated work.
    """

    answered = Signal(object, object)  # answer, the arguments it belongs to
    failed = Signal(object, object)  # UserError, the arguments it belongs to

    def __init__(self, engine: Any, name: str, delay: int = 0, parent: QObject | None = None) -> None:
        """delay: milliseconds of quiet before a question is sent."""
        super().__init__(parent)
        self._engine = engine
        self._name = name
        self._waiting: Mapping[str, Any] | None = None
        self._asked: Mapping[str, Any] | None = None
        self._answer: Any = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay)
        self._timer.timeout.connect(self._send)

    def ask(self, arguments: Mapping[str, Any]) -> None:
        """Ask with these arguments, unless newer ones come before they are sent."""
        self._waiting = arguments
        self._timer.start()

    def forget(self) -> None:
        """Ask nothing more and tell no answer that is still under way."""
        self._timer.stop()
        self._waiting = None
        self._asked = None

    def busy(self) -> bool:
        """Return whether an answer is still to come."""
        return self._waiting is not None or self._asked is not None

    def _send(self) -> None:
        if self._waiting is None or self._answer is not None:
            return
        self._asked, self._waiting = self._waiting, None
        answer = self._answer = self._engine.ask(self._name, dict(self._asked))
        answer.answered.connect(self._on_answered)
        answer.failed.connect(self._on_failed)

    def _on_answered(self, answer: Any) -> None:
        asked = self._settle()
        if asked is not None:
            self.answered.emit(answer, asked)

    def _on_failed(self, error: Any) -> None:
        asked = self._settle()
        if asked is not None:
            self.failed.emit(error, asked)

    def _settle(self) -> Mapping[str, Any] | None:
        """End the question under way; return its arguments when its answer still counts."""
        asked, self._asked, self._answer = self._asked, None, None
        if self._waiting is None:
            return asked
        if not self._timer.isActive():
            self._send()
        return None
