"""One job at a time: a new one takes the place of one that still runs, and only the current one is heard."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.remaining import Remaining


class CurrentJob(QObject):
    """Starts jobs and tells what comes of the newest, as long as its parent is there to hear it."""

    progressed = Signal(str, object, str)  # stage, fraction or None when nobody knows, time left
    answered = Signal(object)
    failed = Signal(object)  # UserError

    def __init__(self, jobs: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Any = None
        self._remaining = Remaining()

    def start(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Run the engine's function called `name`; what ran before is cancelled."""
        self.cancel()
        self._remaining = Remaining()
        job = self._job = self._jobs.start(name, dict(arguments))
        job.progressed.connect(self._report)
        job.answered.connect(self._answer)
        job.failed.connect(self._fail)

    def cancel(self) -> None:
        """Stop the job, without a word."""
        job, self._job = self._job, None
        if job is not None:
            job.progressed.disconnect(self._report)
            job.answered.disconnect(self._answer)
            job.failed.disconnect(self._fail)
            job.cancel()

    def is_running(self) -> bool:
        """Return whether a job runs."""
        return self._job is not None

    def _report(self, plain: Mapping[str, Any]) -> None:
        stage, done, total = from_plain(plain["stage"]), int(plain["done"]), int(plain["total"])
        if total <= 0:
            self.progressed.emit(tr(stage), None, "")
            return
        if "done" in stage.values:  # it says itself how far it is, in units of its own
            self.progressed.emit(tr(stage), done / total, self._remaining.left(stage.template, done, total))
            return
        counts = {"done": figures.count(done), "total": figures.count(total)}
        shown = tr("{stage}, {done} of {total}", stage=stage, **counts)
        self.progressed.emit(shown, done / total, self._remaining.left(stage.template, done, total))

    def _answer(self, answer: Any) -> None:
        self._job = None
        self.answered.emit(answer)

    def _fail(self, error: Any) -> None:
        self._job = None
        self.failed.emit(error)
