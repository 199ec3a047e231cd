"""What happens to errors that nobody caught: they go to a log, the window says so once, and the program goes on."""

import faulthandler
import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, Signal, qInstallMessageHandler

from workbench.core import paths
from workbench.core.errors import UserError

_LOG_BYTES = 1_000_000
log = logging.getLogger("workbench")


class Notices(QObject):
    """Takes what the hooks catch on any thread and tells it on the window's; each kind of error is told once.

    It is told in the next turn of the event loop: a handler that broke may have been painting, and whoever shows the
    message changes widgets, which would end the program in the midst of that.
    """

    caught = Signal()  # at once: what is not saved yet should be, in case worse follows
    raised = Signal(object)  # UserError
    _later = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = paths.state() / "workbench.log"
        self._later.connect(self.raised, Qt.ConnectionType.QueuedConnection)
        self._told: set[str] = set()
        self._crashes: IO[str] | None = None
        self._handler: logging.Handler | None = None

    def install(self) -> str:
        """Catch everything from now on; return what the last crash left behind, or an empty text."""
        crash = self.path.with_name("crash.log")
        before = ""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            before = crash.read_text("utf-8", "replace").strip() if crash.is_file() else ""
            if before:
                crash.replace(crash.with_name("last-crash.log"))  # kept for the debug bundle
            self._handler = RotatingFileHandler(self.path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
            self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            log.addHandler(self._handler)
            self._crashes = crash.open("w", encoding="utf-8")
            faulthandler.enable(self._crashes)
        except OSError as error:
            log.warning("There is no place for a log: %s", error)
        sys.excepthook = self._caught
        threading.excepthook = lambda caught: self._caught(
            caught.exc_type, caught.exc_value or caught.exc_type(), caught.exc_traceback
        )
        qInstallMessageHandler(self._qt_said)
        return before

    def uninstall(self) -> None:
        """Give everything back; a clean end leaves no crash behind."""
        qInstallMessageHandler(None)
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
        if self._crashes is not None:
            faulthandler.disable()
            self._crashes.close()
            Path(self._crashes.name).unlink(missing_ok=True)
        if self._handler is not None:
            log.removeHandler(self._handler)
            self._handler.close()

    def _caught(self, kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, at))
        log.error("%s", text)
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, at)
            return
        place = traceback.extract_tb(at)[-1:] if at else []
        name = f"{kind.__name__} {place[0].filename}:{place[0].lineno}" if place else f"{kind.__name__}: {error}"
        if name in self._told:
            return
        self._told.add(name)
        self.caught.emit()
        if isinstance(error, UserError):
            self._later.emit(error)
            return
        reason = f"{kind.__name__}: {error}".rstrip(". ")
        shown = UserError(
            "Something unexpected happened: {reason}.",
            hint="You can go on working. The details help whoever mends it.",
            details=text,
            reason=reason,
        )
        self._later.emit(shown)

    def _qt_said(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg):
            return
        log.warning("Qt: %s", message)
        if sys.stderr is not None:
            sys.stderr.write(f"Qt: {message}\n")
