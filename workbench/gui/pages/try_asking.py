"""What the page itself asks of a run's model: a sample to try it with, and predictions of many inputs."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.words import tr
from workbench.gui.current_job import CurrentJob
from workbench.gui.latest import Latest

_TOP = 5


class Asking(QObject):
    """Questions about the model of one run at a time; answers about another run are not told."""

    sampled = Signal(object)  # what prediction.sample answered
    sample_failed = Signal(object)  # UserError
    progressed = Signal(str, object, str)  # stage, fraction or None, time left
    batch_done = Signal(object)  # list of predictions
    batch_failed = Signal(object)  # UserError

    def __init__(self, engine: Any, jobs: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = CurrentJob(jobs, self)
        self._job.progressed.connect(self.progressed)
        self._job.answered.connect(lambda answer: self.batch_done.emit(answer["predictions"]))
        self._job.failed.connect(self.batch_failed)
        self._run = ""
        self._samples = Latest(engine, "prediction.sample", 0, self)
        self._samples.answered.connect(lambda answer, _: self.sampled.emit(answer))
        self._samples.failed.connect(lambda error, _: self.sample_failed.emit(error))

    def set_run(self, path: str) -> None:
        """Ask the model of this run from now on."""
        if path != self._run:
            self.stop()
        self._run = path

    def ask_sample(self, data: str = "") -> None:
        """Ask for a sample that the model has not learned from; data: where the data lie now, if they moved."""
        arguments = {"run": self._run, "number": random.randrange(2**31)}
        self._samples.ask({**arguments, "data": data} if data else arguments)

    def ask_about_many(self, paths: Sequence[str], options: Mapping[str, Any]) -> None:
        """Predict everything at these paths, in the background; options: further arguments of prediction.batch."""
        self._job.start("prediction.batch", {"run": self._run, "paths": list(paths), "top": _TOP, **options})
        self.progressed.emit(tr("Loading the model"), None, "")

    def cancel(self) -> None:
        """Stop predicting many."""
        self._job.cancel()

    def stop(self) -> None:
        """Stop everything that is under way."""
        self.cancel()
        self._samples.forget()
