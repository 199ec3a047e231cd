"""The service that the window has started: `workbench serve` in a process of its own, which ends with the window."""

import sys
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.errors import UserError
from workbench.gui.line_process import LineProcess, reap

_COMMAND = (sys.executable, "-m", "workbench", "serve")
_KEPT = 200  # requests that are looked at again
PREDICTIONS = ("/predict", "/v2/models/{name}/infer", "/v1/completions", "/v1/chat/completions")  # routes to the model


class Service(QObject):
    """Serves one run at a time; lives as long as the window, while pages are built and built again.

    run: folder that is served, "" for none. address, token: once it answers, else "". lines: the last requests.
    """

    changed = Signal()
    asked = Signal(object)  # the line of a request
    failed = Signal(object)  # UserError

    def __init__(self, parent: QObject | None = None, command: Sequence[str] = _COMMAND) -> None:
        super().__init__(parent)
        self._command = tuple(command)
        self._process: LineProcess | None = None
        self._secrets: list[str] = []
        self.run = self.address = self.token = ""
        self.lines: deque[Mapping[str, Any]] = deque(maxlen=_KEPT)

    def start(self, run: str) -> None:
        """Serve the best model of this run, in place of what was served."""
        self.stop()
        self.run = run
        self.lines.clear()
        flags = ("--json", "--until-input-ends", "--passphrases-from-input")
        process = self._process = LineProcess((*self._command, run, *flags), self)
        process.send({"passphrases": self._secrets})
        process.received.connect(self._heard)
        process.ended.connect(self._ended)
        self.changed.emit()

    def remember(self, passphrase: str) -> None:
        """Let what is served from now on know a passphrase."""
        self._secrets.append(passphrase)

    def stop(self) -> None:
        """Serve nothing."""
        if self._process is None:
            return
        self._process.end()
        self._forget()

    def end(self) -> None:
        """Stop, and wait until the process is gone: the window ends."""
        self.stop()
        reap(self)

    def answered(self) -> list[float]:
        """Return the seconds that the model's last answers took; not of what was refused, or asked of another route."""
        return [line["seconds"] for line in self.lines if line["status"] < 400 and line["route"] in PREDICTIONS]

    def _heard(self, line: Mapping[str, Any]) -> None:
        if "address" in line:
            self.address, self.token = str(line["address"]), str(line["token"])
            self.changed.emit()
        elif "status" in line:
            self.lines.append(line)
            self.asked.emit(line)

    def _ended(self, errors: str) -> None:
        self._forget()
        last = errors.strip().splitlines()[-1:] or [""]
        self.failed.emit(UserError("The service has ended.", hint=last[0].replace("{", "{{"), details=errors))

    def _forget(self) -> None:
        self._process = None
        self.run = self.address = self.token = ""
        self.changed.emit()
