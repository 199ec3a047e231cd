"""Opening data: what a path is, then a job that reads it."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core import words
from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.remaining import Remaining


class Opening(QObject):
    """Opens one data set at a time; a new one takes the place of one that is still being read."""

    began = Signal(str)  # what is being opened
    progressed = Signal(str, float, str)  # stage, fraction (below 0: not known), time left
    opened = Signal(object, object)  # data settings, summary
    failed = Signal(object)  # UserError
    ended = Signal()

    def __init__(self, engine: Any, jobs: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._jobs = jobs
        self._job: Any = None
        self._turn = 0  # what an overtaken opening has to say is not heard

    def open_path(self, path: str) -> None:
        """Find out what the file or folder at `path` is, then open it."""
        turn = self._begin(Path(path).name or path)
        self._engine.ask("data.recognise", {"path": path}).then(
            self,
            lambda answer: self._start(turn, answer["data"]) if turn == self._turn else None,
            lambda error: self._fail(turn, error),
        )

    def open_settings(self, data: dict[str, Any], title: str) -> None:
        """Open the data that these settings describe."""
        self._start(self._begin(title), data)

    def is_running(self) -> bool:
        """Return whether something is being opened."""
        return self._job is not None

    def cancel(self) -> None:
        """Stop opening and leave everything as it was."""
        self._turn += 1
        job, self._job = self._job, None
        if job is not None and job is not True:
            job.cancel()
        self.ended.emit()

    def _begin(self, title: str) -> int:
        job, self._job = self._job, True
        if job is not None and job is not True:
            job.cancel()
        self._turn += 1
        self.began.emit(title)
        return self._turn

    def _start(self, turn: int, data: dict[str, Any]) -> None:
        remaining = Remaining()

        def report(plain: dict[str, Any]) -> None:
            if turn == self._turn:
                stage, done, total = words.from_plain(plain["stage"]), int(plain["done"]), int(plain["total"])
                left = remaining.left(stage.template, done, total)
                if total > 0:
                    shown = tr(
                        "{stage}, {done} of {total}", stage=stage, done=figures.count(done), total=figures.count(total)
                    )
                    self.progressed.emit(shown, done / total, left)
                else:
                    self.progressed.emit(tr(stage), -1.0, left)

        self._job = job = self._jobs.start("data.open", {"data": data})
        job.progressed.connect(report)
        job.answered.connect(lambda summary: self._finish(turn, data, summary))
        job.failed.connect(lambda error: self._fail(turn, error))

    def _finish(self, turn: int, data: dict[str, Any], summary: dict[str, Any]) -> None:
        if turn == self._turn:
            self._job = None
            self.ended.emit()
            self.opened.emit(data, summary)

    def _fail(self, turn: int, error: Any) -> None:
        if turn == self._turn:
            self._job = None
            self.ended.emit()
            self.failed.emit(error)
