"""The answer of an autoencoder: what went in, what came out, the difference, and the map that it decodes from."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.latest import Latest
from workbench.gui.pages.data_images import decoded
from workbench.gui.pages.trying.result import Result, taken
from workbench.gui.plots.latent_map import LatentMap
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.image_view import ImageView

_HEIGHT = 132  # pixels of the pictures
_MAP_HEIGHT = 210  # pixels of the map, at least


class ReconstructionResult(Result):
    """The error of an input; of images also the pictures and the map, where one points to decode."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = ""
        self._images = False
        self._restored: Latest | None = None
        self._map: Latest | None = None
        self._decoded: Latest | None = None
        self.views = {name: ImageView() for name in ("input", "output", "difference", "decoded")}
        titles = self._titles = {
            "input": tr("In"),
            "output": tr("Out"),
            "difference": tr("Difference"),
            "decoded": tr("At the point"),
        }
        self.pictures = QWidget()
        row = QHBoxLayout(self.pictures)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.medium)
        for name in ("input", "output", "difference"):
            row.addWidget(self._captioned(name, titles[name]), 1)
        self.map = LatentMap()
        self.map.setObjectName("try.latent_map")
        self.map.setMinimumHeight(_MAP_HEIGHT)
        self.map.pointed.connect(self._decode)
        self.below = QWidget()
        below = QHBoxLayout(self.below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(Space.medium)
        below.addWidget(self.map, 2)
        below.addWidget(self._captioned("decoded", titles["decoded"]), 1)
        for part in (self.pictures, self.below):
            part.hide()
            self.room.addWidget(part)

    def set_engine(self, engine: Any) -> None:
        self._restored = Latest(engine, "latent.reconstruct", 0, self)
        self._restored.answered.connect(lambda answer, _: self._show_pictures(answer))
        self._restored.failed.connect(lambda *_: self.pictures.hide())
        self._map = Latest(engine, "latent.points", 0, self)
        self._map.answered.connect(lambda answer, _: self._show_map(answer))
        self._map.failed.connect(lambda *_: self.below.hide())  # as when the data are no longer there
        self._decoded = Latest(engine, "latent.decode", 0, self)
        self._decoded.answered.connect(lambda answer, _: self._show("decoded", answer))

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        self._run = run
        self._images = description["inputs"]["kind"] == "image"
        self.below.hide()
        self.views["decoded"].set_image(None)
        if self._images and self._map is not None:
            self._map.ask({"run": run})

    def answer(self, prediction: Mapping[str, Any]) -> str:
        return tr("Error {error}", error=figures.number(float(prediction.get("error") or 0.0)))

    def show_given(self, given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Know what is asked about: of an image, the pictures are asked for as well."""
        if self._images and self._restored is not None:
            invert = bool(options.get("invert", False))
            self._restored.ask({"run": self._run, "input": dict(given), "invert": invert})

    def show_nothing(self, text: str = "") -> None:
        self._forget()
        super().show_nothing(text)

    def show_error(self, text: str) -> None:
        self._forget()
        super().show_error(text)

    def show_answer(self, prediction: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        self.show_line(self.answer(prediction), taken(prediction))

    def _forget(self) -> None:
        if self._restored is not None:
            self._restored.forget()
        self.pictures.hide()

    def _captioned(self, name: str, title: str) -> QWidget:
        view = self.views[name]
        view.setObjectName(f"try.{name}")
        view.setFixedHeight(_HEIGHT)
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.small)
        column.addWidget(look(QLabel(title), "caption"))
        column.addWidget(view)
        column.addStretch(1)
        return part

    def _show_pictures(self, answer: Mapping[str, Any]) -> None:
        for name in ("input", "output", "difference"):
            self._show(name, answer[name])
        self.pictures.show()

    def _show(self, name: str, answer: Mapping[str, Any]) -> None:
        self.views[name].set_image(decoded(dict(answer)), self._titles[name])

    def _show_map(self, answer: Mapping[str, Any]) -> None:
        self.map.set_points(answer["points"], answer["labels"], answer["classes"], exact=bool(answer["exact"]))
        self.below.show()

    def _decode(self, x: float, y: float) -> None:
        if self._decoded is not None:
            self._decoded.ask({"run": self._run, "point": [x, y]})
