"""A child process that talks in lines of JSON, read by the event loop: no thread is needed."""

import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

import workbench

ROOT = Path(workbench.__file__).parents[1]  # children import the very package that this process runs
_REAP_MILLISECONDS = 2_000
_DETAILS = 4_000  # characters of standard error that an error carries along


class LineProcess(QObject):
    """A child process that takes and gives JSON objects, one a line."""

    received = Signal(object)  # dict; as Signal(dict) Qt would sort its keys
    ended = Signal(str)  # what it last wrote to standard error

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rest = bytearray()
        self._errors = b""
        self._over = False
        self._process = QProcess(self)
        self._process.setWorkingDirectory(str(ROOT))
        if os.name != "nt":  # a group of its own, so that a job goes together with its helpers
            parameters = QProcess.UnixProcessParameters()
            parameters.flags = QProcess.UnixProcessFlag.CreateNewSession  # type: ignore[assignment]
            self._process.setUnixProcessParameters(parameters)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._broken)
        self._process.start(command[0], list(command[1:]))

    def send(self, plain: Mapping[str, Any]) -> None:
        """Write one line to the process."""
        self._process.write(json.dumps(plain, ensure_ascii=False, default=str).encode() + b"\n")

    def is_running(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    def pid(self) -> int:
        return self._process.processId()

    def end(self) -> None:
        """End the process and what it started, without an `ended` and without waiting for it; see `reap`."""
        self._over = True
        pid = self.pid()
        if self.is_running() and pid > 0:
            if os.name != "nt":
                try:
                    os.killpg(pid, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):  # not yet a group of its own
                    self._process.kill()
            else:
                self._process.kill()
        else:
            self.deleteLater()

    def reap(self) -> None:
        """Wait until a process that was ended is gone: before the window is, and never while a person works."""
        if self._over and self.is_running():
            self._process.waitForFinished(_REAP_MILLISECONDS)

    def _read(self) -> None:
        if self._over:
            return
        new = self._process.readAllStandardOutput().data()
        self._rest += new
        if b"\n" not in new:
            return  # a long answer arrives in many pieces: look at it once, when it is whole
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            try:
                plain = json.loads(line)
            except ValueError:
                continue  # not ours: something printed past the engine
            if isinstance(plain, dict):
                self.received.emit(plain)

    def _read_errors(self) -> None:
        self._errors = (self._errors + self._process.readAllStandardError().data())[-_DETAILS:]

    def _finished(self) -> None:
        if self._over:
            self.deleteLater()
            return
        self._read()
        self._read_errors()
        self.ended.emit(self._errors.decode("utf-8", "replace").strip())

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and not self._over:
            self.ended.emit(self._process.errorString())


def reap(owner: QObject) -> None:
    """Wait until every process of `owner` that was ended is gone."""
    for process in owner.findChildren(LineProcess):
        process.reap()
