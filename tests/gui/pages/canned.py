"""An engine and jobs that give canned answers, in this process, a moment later."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from workbench.core.errors import UserError


class CannedAnswer(QObject):
    answered = Signal(object)
    failed = Signal(object)
    locked = Signal(object)

    def then(self, owner: QObject, answered: Any, failed: Any = None, locked: Any = None) -> "CannedAnswer":
        self.answered.connect(answered)
        if failed is not None:
            self.failed.connect(failed)
        if locked is not None:
            self.locked.connect(locked)
        return self


class CannedJob(QObject):
    progressed = Signal(dict)
    answered = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, name: str, arguments: dict[str, Any], parent: QObject) -> None:
        super().__init__(parent)
        self.name = name
        self.arguments = arguments
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True
        self.cancelled.emit()

    def report(self, stage: str, done: int, total: int) -> None:
        self.progressed.emit({"stage": {"template": stage, "values": {}}, "done": done, "total": total})


class Canned(QObject):
    """Both engine and jobs. answers: name to a value, an error, or a function of the arguments that returns either."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__()
        self.answers = dict(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.given: list[CannedAnswer] = []
        self.jobs: list[CannedJob] = []
        self.held: set[str] = set()  # names that are not answered by themselves

    def ask(self, name: str, arguments: Mapping[str, Any] | None = None) -> CannedAnswer:
        answer = CannedAnswer(self)
        self.given.append(answer)
        self.asked.append((name, dict(arguments or {})))
        self._later(name, dict(arguments or {}), answer)
        return answer

    def start(self, name: str, arguments: Mapping[str, Any] | None = None) -> CannedJob:
        job = CannedJob(name, dict(arguments or {}), self)
        self.jobs.append(job)
        self._later(name, job.arguments, job)
        return job

    def questions(self, name: str) -> list[dict[str, Any]]:
        return [arguments for asked, arguments in self.asked if asked == name]

    def _later(self, name: str, arguments: dict[str, Any], to: Any) -> None:
        def give() -> None:
            if name in self.held or getattr(to, "is_cancelled", False):
                return
            value = self.answers[name]
            value = value(arguments) if callable(value) else value
            (to.failed if isinstance(value, UserError) else to.answered).emit(value)

        QTimer.singleShot(0, self, give)


def words(template: str, **values: Any) -> dict[str, Any]:
    return {"template": template, "values": values}


def pixels(array: np.ndarray) -> dict[str, Any]:
    return {"shape": list(array.shape), "pixels": base64.b64encode(array.tobytes()).decode()}


def first(told: Any) -> Any:
    """Return the first value that a signal carried while `qtbot.waitSignal` waited for it."""
    assert told.args
    return told.args[0]
