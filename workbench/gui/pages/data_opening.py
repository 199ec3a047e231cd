"""Opening data: what a path is, then a job that reads it."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.gui.current_job import CurrentJob
from workbench.gui.latest import Latest


class Opening(QObject):
    """Opens one data set at a time; a new one takes the place of one that is still being read."""

    began = Signal(str)  # what is being opened
    progressed = Signal(str, object, str)  # stage, fraction or None when nobody knows, time left
    opened = Signal(object, object)  # data settings, summary
    failed = Signal(object)  # UserError
    ended = Signal()  # before `opened` or `failed`, and alone when it was cancelled

    def __init__(self, engine: Any, jobs: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._data: dict[str, Any] = {}
        self._recognising = Latest(engine, "data.recognise", 0, self)
        self._recognising.answered.connect(lambda answer, _: self._read(answer["data"]))
        self._recognising.failed.connect(lambda error, _: self._fail(error))
        self._job = CurrentJob(jobs, self)
        self._job.progressed.connect(self.progressed)
        self._job.answered.connect(self._finish)
        self._job.failed.connect(self._fail)

    def open_path(self, path: str) -> None:
        """Find out what the file or folder at `path` is, then open it."""
        self._job.cancel()
        self.began.emit(Path(path).name or path)
        self._recognising.ask({"path": path})

    def open_settings(self, data: dict[str, Any], title: str) -> None:
        """Open the data that these settings describe."""
        self._recognising.forget()
        self.began.emit(title)
        self._read(data)

    def is_running(self) -> bool:
        """Return whether something is being opened."""
        return self._recognising.busy() or self._job.is_running()

    def cancel(self) -> None:
        """Stop opening and leave everything as it was."""
        self._recognising.forget()
        self._job.cancel()
        self.ended.emit()

    def _read(self, data: dict[str, Any]) -> None:
        self._data = data
        self._job.start("data.open", {"data": data})

    def _finish(self, summary: dict[str, Any]) -> None:
        self.ended.emit()
        self.opened.emit(self._data, summary)

    def _fail(self, error: Any) -> None:
        self.ended.emit()
        self.failed.emit(error)
