"""The window's way to everything that needs torch: questions to the engine, and jobs in processes of their own.

No thread is needed: the pipes of a QProcess are read by the event loop. Every process here ends with the window,
because its standard input does.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import shiboken6
from PySide6.QtCore import QMetaMethod, QObject, QTimer, Signal, SignalInstance

from workbench.core.errors import UserError
from workbench.core.passphrases import asks_for_passphrase
from workbench.core.words import mark
from workbench.gui.line_process import LineProcess, reap

ENGINE = (sys.executable, "-m", "workbench.engine")
_WARM = "settings.catalogue"  # a question that makes a fresh process import what jobs need
_FAST_DEATH = 3.0  # seconds: an engine that dies so soon is not started again by itself more than a few times
_PATIENCE = 3


class Answer(QObject):
    """What comes back for one question: exactly one of `answered` and `failed`, later."""

    answered = Signal(object)
    failed = Signal(object)  # UserError
    locked = Signal(object)  # UserError: it waits for a passphrase

    def __init__(self, parent: QObject, name: str, arguments: Mapping[str, Any]) -> None:
        super().__init__(parent)
        self.name = name
        self.arguments = dict(arguments)

    def then(
        self,
        owner: QObject,
        answered: Callable[[Any], object],
        failed: Callable[[UserError], object] | None = None,
        locked: Callable[[UserError], object] | None = None,
    ) -> "Answer":
        """Call `answered` or `failed` when the answer is there, `locked` as it waits, unless `owner` is gone."""
        self.answered.connect(lambda value: answered(value) if shiboken6.isValid(owner) else None)
        if failed is not None:
            self.failed.connect(lambda error: failed(error) if shiboken6.isValid(owner) else None)
        if locked is not None:
            self.locked.connect(lambda error: locked(error) if shiboken6.isValid(owner) else None)
        return self

    def is_heard(self, signal: SignalInstance) -> bool:
        """Return whether anybody waits for this signal of it."""
        return self.isSignalConnected(QMetaMethod.fromSignal(signal))


class Engine(QObject):
    """Answers questions by name, one after the other, from a child process that is started again when it dies."""

    ready = Signal()  # the first answer of a fresh process has come
    restarted = Signal(object)  # UserError that says so
    failed = Signal(object)  # UserError of a question that nobody hears
    locked = Signal(object)  # UserError: a question waits for a passphrase and nobody hears it, see `remember`

    def __init__(self, parent: QObject | None = None, command: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._command = tuple(command or ENGINE)
        self._process: LineProcess | None = None
        self._secrets: list[str] = []
        self._waiting: list[Answer] = []  # for a passphrase
        self._pending: dict[int, Answer] = {}
        self._number = 0
        self._started = 0.0
        self._deaths = 0

    def start(self) -> None:
        """Start the process, unless it runs; questions that were asked before go to it at once."""
        if self._process is not None:
            return
        self._started = time.monotonic()
        self._process = LineProcess(self._command, self)
        self._process.received.connect(self._received)
        self._process.ended.connect(self._ended)
        _tell(self._process, self._secrets)
        for number, answer in self._pending.items():
            self._send(number, answer)

    def stop(self) -> None:
        """End the process; what was asked is never answered."""
        self._pending.clear()
        if self._process is not None:
            self._process.end()
            self._process = None
        reap(self)

    def is_running(self) -> bool:
        return self._process is not None

    def ask(self, name: str, arguments: Mapping[str, Any] | None = None) -> Answer:
        """Return the answer to come of the engine's function called `name`."""
        answer = Answer(self, name, arguments or {})
        self._ask(answer)
        return answer

    def remember(self, passphrase: str) -> None:
        """Let the process know a passphrase, and ask again what waited for one."""
        self._secrets.append(passphrase)
        if self._process is not None:
            _tell(self._process, [passphrase])
        waiting, self._waiting = self._waiting, []
        for answer in filter(shiboken6.isValid, waiting):
            self._ask(answer)

    def _ask(self, answer: Answer) -> None:
        self._number += 1
        self._pending[self._number] = answer
        if self._process is not None:
            self._send(self._number, answer)
        elif self._deaths >= _PATIENCE:  # it was given up; a new question is a new reason to try
            QTimer.singleShot(0, self, self.start)

    def _send(self, number: int, answer: Answer) -> None:
        assert self._process is not None
        self._process.send({"id": number, "name": answer.name, "arguments": answer.arguments})

    def _received(self, plain: dict[str, Any]) -> None:
        self._deaths = 0
        answer = self._pending.pop(plain.get("id", 0), None)
        if answer is None:
            return
        if "error" in plain:
            error = UserError.from_plain(plain["error"])
            if asks_for_passphrase(error):
                self._waiting.append(answer)
                (answer if answer.is_heard(answer.locked) else self).locked.emit(error)
                return
            self._fail(answer, error)
        else:
            answer.answered.emit(plain.get("answer"))
        self.ready.emit()
        answer.deleteLater()

    def _fail(self, answer: Answer, error: UserError) -> None:
        (answer if answer.is_heard(answer.failed) else self).failed.emit(error)

    def _ended(self, details: str) -> None:
        """Fail the question that it died of, and ask the others of a new process."""
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self._deaths = self._deaths + 1 if time.monotonic() - self._started < _FAST_DEATH else 1
        given_up = self._deaths >= _PATIENCE
        error = UserError(
            "The engine ended unexpectedly.",
            hint=mark("Start the program again. The details say why.") if given_up else mark("It was started again."),
            details=details,
        )
        culprits = list(self._pending) if given_up else list(self._pending)[:1]
        for number in culprits:
            answer = self._pending.pop(number)
            answer.failed.emit(error)
            answer.deleteLater()
        self.restarted.emit(error)
        if not given_up:
            self.start()


class Job(QObject):
    """Longer work in a process of its own: reports, then exactly one of `answered`, `failed`, `cancelled`."""

    progressed = Signal(object)  # {"stage": Words as plain values, "done", "total"}
    answered = Signal(object)
    failed = Signal(object)  # UserError
    cancelled = Signal()

    def __init__(self, process: LineProcess, name: str, arguments: Mapping[str, Any], parent: QObject) -> None:
        super().__init__(parent)
        self.name = name
        self._process: LineProcess | None = process
        process.received.connect(self._received)
        process.ended.connect(self._ended)
        process.send({"id": 1, "name": name, "arguments": dict(arguments)})

    def is_running(self) -> bool:
        return self._process is not None

    def cancel(self) -> None:
        """Kill the process; nothing but `cancelled` comes after this."""
        if self._process is not None:
            self._finish()
            self.cancelled.emit()

    def _received(self, plain: dict[str, Any]) -> None:
        if plain.get("id") != 1 or self._process is None:
            return
        if "progress" in plain:
            self.progressed.emit(plain["progress"])
            return
        self._finish()
        if "error" in plain:
            self.failed.emit(UserError.from_plain(plain["error"]))
        else:
            self.answered.emit(plain.get("answer"))

    def _ended(self, details: str) -> None:
        if self._process is not None:
            self._finish()
            self.failed.emit(_unexpected(self.name, f"{self.name}\n{details}".strip()))

    def _finish(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
        self.deleteLater()


class Jobs(QObject):
    """Starts jobs, each in a process of its own, and keeps one idle process warm so that a job begins at once."""

    _SPARE_SECONDS = 1.5  # a new spare must not compete with the job that has just begun

    def __init__(self, parent: QObject | None = None, command: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._command = tuple(command or ENGINE)
        self._secrets: list[str] = []
        self._spare: LineProcess | None = None
        self._running: deque[Job] = deque()
        self._warming = QTimer(self, singleShot=True, interval=int(self._SPARE_SECONDS * 1000))  # type: ignore[call-overload]
        self._warming.timeout.connect(self.warm)

    def warm(self) -> None:
        """Start the spare process, unless it is there."""
        if self._spare is None:
            self._spare = LineProcess(self._command, self)
            self._spare.ended.connect(self._lose_spare)
            self._spare.send({"id": 0, "name": _WARM, "arguments": {}})

    def start(self, name: str, arguments: Mapping[str, Any] | None = None) -> Job:
        """Return the job that runs the engine's function called `name`."""
        process, self._spare = self._spare or LineProcess(self._command, self), None
        _tell(process, self._secrets)
        job = Job(process, name, arguments or {}, self)
        self._running = deque(other for other in self._running if shiboken6.isValid(other) and other.is_running())
        self._running.append(job)
        self._warming.start()
        return job

    def remember(self, passphrase: str) -> None:
        """Let every job from now on know a passphrase."""
        self._secrets.append(passphrase)

    def stop(self) -> None:
        """Cancel every job and end the spare process."""
        self._warming.stop()
        for job in self._running:
            if shiboken6.isValid(job):
                job.cancel()
        self._running.clear()
        if self._spare is not None:
            self._spare.end()
            self._spare = None
        reap(self)

    def _lose_spare(self) -> None:
        if self._spare is not None and not self._spare.is_running():
            self._spare.deleteLater()
            self._spare = None


def _tell(process: LineProcess, secrets: Sequence[str]) -> None:
    """Let a process know passphrases: on its standard input, where no other process can see them."""
    for passphrase in secrets:
        process.send({"id": 0, "name": "vault.remember", "arguments": {"passphrase": passphrase}})


def _unexpected(name: str, details: str) -> UserError:
    """Return what is said when the process of a job died: of a foreign file that killed it, or of short memory."""
    if name.startswith("data."):
        return UserError(
            "The process that read these data ended unexpectedly.",
            hint="A file among them is probably damaged: get it again, or leave it out. Nothing else was touched.",
            details=details,
        )
    return UserError(
        "This work ended unexpectedly.",
        hint="Try again; if memory was short, close other programs first.",
        details=details,
    )
