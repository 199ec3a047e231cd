"""The Try it page: choose a model, bring an image or a text, and see what the model says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.latest import Latest
from workbench.gui.pages.model_chooser import ModelChooser
from workbench.gui.pages.try_asking import Asking, encoded, image_from
from workbench.gui.pages.try_batch import TryBatch
from workbench.gui.pages.try_incoming import Incoming
from workbench.gui.pages.try_input import TryInput, read_image
from workbench.gui.pages.try_result import TryResult
from workbench.gui.tokens import Space
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.page import Page


class TryPage(Page):
    """Takes images, texts and files from everywhere, and asks the chosen run's model about them."""

    training_requested = Signal()

    def __init__(self, engine: Any, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Try it"), parent=parent)
        self._kind = ""
        self._paths: list[str] = []
        self._input: dict[str, Any] = {}
        self._name = ""
        self._truth = ""
        self._original: QImage | None = None
        self._description = Latest(engine, "prediction.describe", 0, self)
        self._description.answered.connect(self._take_description)
        self._description.failed.connect(lambda error, _: self._show_error(error))
        self.asking = Asking(engine, jobs, self)
        self.chooser = ModelChooser()
        self.chooser.setObjectName("try.run")
        self.chooser.setAccessibleName(tr("Model"))
        self.chooser.setToolTip(tr("The run whose best model answers."))
        self.chooser.run_chosen.connect(self._choose)
        self.add_action(self.chooser)
        self._make_parts()
        self.incoming = Incoming(self)
        self._join()
        self._choose({})

    def set_runs(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Offer runs that have a model, newest first; see ModelChooser for what one holds."""
        self.chooser.set_runs(runs)

    def choose_run(self, path: str) -> None:
        """Choose the model of the run in this folder."""
        self.chooser.choose(path)

    def open_files(self, paths: Sequence[str | Path]) -> None:
        """Predict one file, or many, or everything in a folder."""
        self.incoming.take_files(paths)

    def take_text(self, text: str) -> None:
        """Predict a text."""
        self.incoming.take_text(text)

    def stop(self) -> None:
        """End what is under way."""
        self._description.forget()
        self.asking.stop()

    def _make_parts(self) -> None:
        self.empty = EmptyState(
            "magic-wand",
            tr("There is no model to try yet"),
            tr("Train one. It can be tried while it is still training."),
            tr("Go to Train"),
        )
        self.empty.acted.connect(self.training_requested)
        self.input = TryInput()
        self.result = TryResult()
        self.result.setObjectName("try.result")
        self.batch = TryBatch()
        self.batch.setObjectName("try.batch")
        right = QVBoxLayout()
        right.setSpacing(Space.gap)
        right.addWidget(self.result)
        right.addWidget(self.batch, 1)
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.gap)
        row.addWidget(self.input, 1)
        row.addLayout(right, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(content)
        self.body.addWidget(self.stack, 1)

    def _join(self) -> None:
        self.incoming.listen(self.input)
        self.incoming.image_came.connect(lambda given, name, image: self._ask(given, name, original=image))
        self.incoming.text_came.connect(self._take_text)
        self.incoming.many_came.connect(self._predict_many)
        self.incoming.refused.connect(self._show_refusal)
        self.input.open_wanted.connect(self.incoming.choose_files)
        self.input.sample_wanted.connect(self.asking.ask_sample)
        self.input.drawn.connect(lambda image: self._ask({"image": encoded(image)}, tr("Drawing"), original=image))
        self.input.pad_opened.connect(self._forget)
        self.input.text_changed.connect(self._ask_text)
        self.result.invert_changed.connect(self._ask_again)
        self.batch.chosen.connect(self._show_row)
        self.batch.failed.connect(self._show_error)
        self.batch.cancel_wanted.connect(self._cancel)
        self.batch.invert_changed.connect(lambda on: self.asking.ask_about_many(self._paths, on))
        self.asking.predicted.connect(lambda prediction, _: self.result.show_prediction(prediction, self._truth))
        self.asking.seen.connect(lambda seen, _: self.input.show_image(self._name, seen, self._original))
        self.asking.sampled.connect(self._take_sample)
        self.asking.sample_failed.connect(self._show_moved)
        self.asking.failed.connect(lambda error: self.result.show_error(error.translated()))
        self.asking.progressed.connect(self.batch.show_progress)
        self.asking.batch_done.connect(self.batch.set_predictions)
        self.asking.batch_failed.connect(self._fail_batch)

    def _choose(self, run: Mapping[str, Any]) -> None:
        self.stack.setCurrentIndex(1 if run else 0)
        self.chooser.setVisible(bool(run))
        self.clear_banners()
        if run:
            self.asking.set_run(str(run["path"]))
            self._description.ask({"run": str(run["path"])})
        else:
            self.set_line(tr("See what a trained model says."))

    def _take_description(self, about: Mapping[str, Any], _: object) -> None:
        kind = about["inputs"]["kind"]
        is_text = kind == "text"
        self.set_line(
            tr("Type a text, or drop one anywhere on this page.")
            if is_text
            else tr("Drop images anywhere on this page.")
        )
        if kind != self._kind:
            self._kind, self._input = kind, {}
            self.input.set_kind(kind)
            self.result.set_kind(kind)
            self.result.show_nothing()
            self.batch.set_kind(kind)
        elif self._input:
            self._ask_again()
        self.incoming.set_kind(kind)

    def _ask(self, given: dict[str, Any], name: str, truth: str = "", original: QImage | None = None) -> None:
        self.clear_banners()
        self._input, self._name, self._truth, self._original = given, name, truth, original
        if "text" not in given:
            self.result.forget_inversion()
        self._ask_again()

    def _ask_again(self, *_: object) -> None:
        if self._input:
            self.result.show_waiting()
            self.asking.ask(self._input, self.result.inverts())

    def _take_text(self, text: str) -> None:
        self.input.show_text(text)
        self._ask_text(text)

    def _ask_text(self, text: str) -> None:
        if text.strip():
            truth = self._truth if text == self._input.get("text") else ""
            self._ask({"text": text}, tr("Text"), truth)
        else:
            self._forget()

    def _forget(self) -> None:
        self._input, self._truth = {}, ""
        self.asking.forget()
        self.result.show_nothing()

    def _take_sample(self, sample: Mapping[str, Any]) -> None:
        if "text" in sample:
            self.input.show_text(str(sample["text"]))
            self._ask({"text": str(sample["text"])}, str(sample["name"]), str(sample["label"]))
        else:
            given = {"image": str(sample["image"])}
            self._ask(given, str(sample["name"]), str(sample["label"]), image_from(given["image"]))

    def _predict_many(self, paths: list[str]) -> None:
        self.clear_banners()
        self._paths = paths
        self.asking.ask_about_many(paths)

    def _show_row(self, row: Mapping[str, Any]) -> None:
        prediction = dict(row["prediction"])
        self._truth, self._name = "", str(row["file"])
        self.result.show_prediction(prediction)
        if self._kind == "image" and not row["reason"]:
            self._input = {"path": str(row["input"])}
            self._original = read_image(str(row["input"]))
            self.asking.ask_view(self._input, self.batch.invert.isChecked())

    def _cancel(self) -> None:
        self.asking.cancel()
        self.batch.end_progress()

    def _fail_batch(self, error: UserError) -> None:
        self.batch.end_progress()
        self._show_error(error)

    def _show_error(self, error: UserError) -> None:
        self.clear_banners()
        self.show_banner(Banner.of_error(error)).set_closable(True)

    def _show_moved(self, error: UserError) -> None:
        """Say that a sample cannot be had, and ask where the data are now."""
        self.clear_banners()
        banner = self.show_banner(Banner.of_error(error))
        banner.set_closable(True)
        banner.add_action(tr("Locate…")).clicked.connect(self._locate)

    def _locate(self) -> None:
        path = QFileDialog.getExistingDirectory(self, tr("Where are the data now?"))
        if path:
            self.clear_banners()
            self.asking.ask_sample(path)

    def _show_refusal(self, text: str) -> None:
        self.clear_banners()
        self.show_banner(Banner("warning", text, tr("Choose another model at the top."))).set_closable(True)
