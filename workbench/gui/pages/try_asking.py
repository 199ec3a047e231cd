"""Asking a run's model: about one input, what it sees of it, about many, and for a sample to ask about."""

import base64
import random
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QImage

from workbench.core.words import tr
from workbench.gui.current_job import CurrentJob
from workbench.gui.latest import Latest

_TOP = 5


class Asking(QObject):
    """Questions about the model of one run at a time; answers about another run are not told."""

    predicted = Signal(object, object)  # prediction, the input it belongs to
    seen = Signal(object, object)  # what prediction.seen answered, the input
    sampled = Signal(object)  # what prediction.sample answered
    sample_failed = Signal(object)  # UserError
    progressed = Signal(str, object, str)  # stage, fraction or None, time left
    batch_done = Signal(object)  # list of predictions
    batch_failed = Signal(object)  # UserError
    failed = Signal(object)  # UserError

    def __init__(self, engine: Any, jobs: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = CurrentJob(jobs, self)
        self._job.progressed.connect(self.progressed)
        self._job.answered.connect(lambda answer: self.batch_done.emit(answer["predictions"]))
        self._job.failed.connect(self.batch_failed)
        self._run = ""
        self._predictions = Latest(engine, "prediction.predict", 0, self)
        self._predictions.answered.connect(self._tell_prediction)
        self._predictions.failed.connect(lambda error, _: self.failed.emit(error))
        self._views = Latest(engine, "prediction.seen", 0, self)
        self._views.answered.connect(lambda answer, asked: self.seen.emit(answer, asked["input"]))
        self._views.failed.connect(lambda error, _: self.seen.emit(None, None))
        self._samples = Latest(engine, "prediction.sample", 0, self)
        self._samples.answered.connect(lambda answer, _: self.sampled.emit(answer))
        self._samples.failed.connect(lambda error, _: self.sample_failed.emit(error))

    def set_run(self, path: str) -> None:
        """Ask the model of this run from now on."""
        if path != self._run:
            self.stop()
        self._run = path

    def ask(self, given: Mapping[str, Any], invert: bool = False) -> None:
        """Ask about one input: {"path"}, {"text"} or {"image"}."""
        self._predictions.ask({"run": self._run, "inputs": [dict(given)], "top": _TOP, "invert": invert})
        if "text" not in given:
            self.ask_view(given, invert)

    def ask_view(self, given: Mapping[str, Any], invert: bool = False) -> None:
        """Ask for an image as the model sees it."""
        self._views.ask({"run": self._run, "input": dict(given), "invert": invert})

    def ask_sample(self, data: str = "") -> None:
        """Ask for a sample that the model has not learned from; data: where the data lie now, if they moved."""
        arguments = {"run": self._run, "number": random.randrange(2**31)}
        self._samples.ask({**arguments, "data": data} if data else arguments)

    def ask_about_many(self, paths: Sequence[str], invert: bool = False) -> None:
        """Predict everything at these paths, in the background."""
        arguments = {"run": self._run, "paths": list(paths), "top": _TOP}
        self._job.start("prediction.batch", {**arguments, "invert": True} if invert else arguments)
        self.progressed.emit(tr("Loading the model"), None, "")

    def cancel(self) -> None:
        """Stop predicting many."""
        self._job.cancel()

    def forget(self) -> None:
        """Tell no answer about one input any more."""
        self._predictions.forget()
        self._views.forget()

    def stop(self) -> None:
        """Stop everything that is under way."""
        self.cancel()
        for questions in (self._predictions, self._views, self._samples):
            questions.forget()

    def _tell_prediction(self, answer: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        self.predicted.emit(answer["predictions"][0], asked["inputs"][0])


def encoded(image: QImage) -> str:
    """Return an image as base64 of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return base64.b64encode(buffer.data().data()).decode("ascii")


def image_from(encoded_file: str) -> QImage:
    """Return the image that base64 of an image file holds."""
    return QImage.fromData(base64.b64decode(encoded_file))
