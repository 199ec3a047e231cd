"""The usual way of trying a model: one input on the left, its prediction on the right."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.gui.latest import Latest
from workbench.gui.pages.trying.inputs import Input
from workbench.gui.pages.trying.panel import Panel
from workbench.gui.pages.trying.result import Result, has_failed

_TOP = 5
_GIVEN = ("image", "text", "row", "series", "path")  # what a sample may hold for prediction.predict


class PredictPanel(Panel):
    """Joins a way of bringing inputs and a way of showing predictions; asks the model again when either changes."""

    predicted = Signal(object, object)  # prediction, the input it belongs to

    def __init__(self, inputs: type[Input], results: type[Result], engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._run = ""
        self._given: dict[str, Any] = {}
        self._sample: Mapping[str, Any] = {}
        self.input = inputs(engine)
        self.result: Result = results()
        self.result.set_engine(engine)
        self.result.error_hint = self.input.error_hint
        self.chips, self.ways, self.act = self.input.chips, self.input.ways, self.input.act
        self.invitation, self.many_hint = self.input.invitation, self.input.many_hint
        self._predictions = Latest(engine, "prediction.predict", 0, self)
        self._predictions.answered.connect(self._show)
        self._predictions.failed.connect(lambda error, _: self.result.show_error(error.translated()))
        for signal in ("failed", "refused", "many_came", "occupied", "headed"):
            getattr(self.input, signal).connect(getattr(self, signal))
        self.input.given.connect(self._take)
        self.input.emptied.connect(self._forget)
        self.result.again_wanted.connect(self._ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.input)

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        first = not self._run
        if run != self._run:
            self.stop()
        self._run = run
        self.input.set_run(run, description)
        self.result.set_run(run, description)
        if first:
            self.input.begin()
        self._ask()

    def line(self) -> str:
        return self.input.line

    def file_kinds(self) -> str:
        return self.input.file_kinds()

    def take_file(self, path: str) -> None:
        self.input.take_file(path)

    def take_text(self, text: str) -> None:
        self.input.take_text(text)

    def take_image(self, image: QImage) -> None:
        self.input.take_image(image)

    def take_sample(self, sample: Mapping[str, Any]) -> None:
        given = given_of(sample)
        name = str(sample.get("name", ""))
        self.input.show_given(given, name)
        self._take(given, name)
        self._sample = sample

    def show_row(self, prediction: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        self._predictions.forget()
        self.result.show_prediction(prediction, {})
        if not has_failed(prediction):
            given = {"path": str(prediction["input"])}
            self.input.show_given(given, str(prediction["input"]).replace("\\", "/").rsplit("/", 1)[-1])
            self.input.show_seen(given, options)
            self.result.show_given(given, options)

    def answer(self, prediction: Mapping[str, Any]) -> str:
        return self.result.answer(prediction)

    def stop(self) -> None:
        self._predictions.forget()
        self.input.stop()

    def _take(self, given: Mapping[str, Any], name: str) -> None:
        if dict(given) != self._given:
            self._sample = {}
        self._given = dict(given)
        self.result.forget_options()
        self._ask()

    def _ask(self) -> None:
        if self._given and self._run:
            options = self.result.options()
            self.result.show_waiting()
            self._predictions.ask({"run": self._run, "inputs": [self._given], "top": _TOP, **options})
            self.result.show_given(self._given, options)
            self.input.show_seen(self._given, options)

    def _forget(self) -> None:
        self._given, self._sample = {}, {}
        self._predictions.forget()
        self.result.show_nothing()

    def _show(self, answer: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        prediction = answer["predictions"][0]
        self.result.show_prediction(prediction, self._sample)
        self.predicted.emit(prediction, asked["inputs"][0])


def given_of(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return what prediction.predict takes of a sample."""
    return {name: sample[name] for name in _GIVEN if name in sample}
