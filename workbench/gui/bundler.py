"""One click packs the debug bundle: a process looks at this machine and writes it, and a message says where it lies."""

import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QStandardPaths, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from shiboken6 import isValid

from workbench.core import paths
from workbench.core.debug_bundle import bundle_name
from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.line_process import ROOT
from workbench.gui.widgets.banner import Banner

DOCTOR = (sys.executable, "-m", "workbench", "doctor")
_REAP_MILLISECONDS = 2_000


class Bundler(QObject):
    """Packs one bundle at a time; said(Banner) tells that it is under way, and then where it is or why it is not."""

    said = Signal(object)

    def __init__(self, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._path = Path()
        self._underway: Banner | None = None
        self._process = QProcess(self)
        self._process.setWorkingDirectory(str(ROOT))
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._broken)

    def start(self) -> None:
        """Begin to pack, unless that is under way."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            return
        self._path = downloads() / bundle_name()
        self._underway = Banner("note", tr("Looking at this machine and packing the debug bundle."))
        self.said.emit(self._underway)
        arguments = [*DOCTOR[1:], "--runs", str(self._runs), "--bundle", str(self._path)]
        self._process.start(DOCTOR[0], arguments)

    def stop(self) -> None:
        """Give up what is under way; nobody is left to be told."""
        self.blockSignals(True)
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(_REAP_MILLISECONDS)

    def _finished(self) -> None:
        if self._path.is_file():
            self._say(self._made())
            return
        details = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace").strip()
        self._fail(details)

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._fail(self._process.errorString())

    def _fail(self, details: str) -> None:
        self._say(
            Banner.of_error(
                UserError(
                    "The debug bundle could not be written to {path}.",
                    hint="See that the folder is there and has room, then try again. The details say why.",
                    details=details,
                    path=str(self._path),
                )
            )
        )

    def _made(self) -> Banner:
        folder = self._path.parent
        text = tr("The debug bundle is {path}.", path=str(self._path))
        banner = Banner("good", text, tr("It holds no data and no secrets. Look into it before you send it."))
        open_folder = banner.add_action(tr("Show the folder"))
        open_folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))
        return banner

    def _say(self, banner: Banner) -> None:
        if self._underway is not None and isValid(self._underway):  # a person may have closed it, or the page may have
            self._underway.close_banner()
        self._underway = None
        self.said.emit(banner)


def downloads() -> Path:
    """Return the folder that a person looks into first, or one that is surely there."""
    found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    return Path(found) if found and Path(found).is_dir() else paths.state()
