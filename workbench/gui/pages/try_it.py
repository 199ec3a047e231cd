"""The Try it page: choose a model, bring something to it, and see what it says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.latest import Latest
from workbench.gui.pages.model_chooser import ModelChooser
from workbench.gui.pages.try_asking import Asking
from workbench.gui.pages.try_batch import TryBatch
from workbench.gui.pages.try_frame import TryFrame
from workbench.gui.pages.try_incoming import Incoming
from workbench.gui.pages.trying import Panel, panel_for
from workbench.gui.tokens import Space
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.page import Page


class TryPage(Page):
    """Takes things from everywhere; the panel for the chosen run's task asks the model about them."""

    training_requested = Signal()
    picked = Signal(str)  # folder of the run that a person chose here

    def __init__(self, engine: Any, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Try it"), parent=parent)
        self._engine = engine
        self._run = ""
        self._way = ("", "")  # task and kind of inputs that the panel is for
        self._paths: list[str] = []
        self.panel: Panel | None = None
        self._frame: TryFrame | None = None
        self._description = Latest(engine, "prediction.describe", 0, self)
        self._description.answered.connect(self._take_description)
        self._description.failed.connect(lambda error, _: self._show_error(error))
        self.asking = Asking(engine, jobs, self)
        self.chooser = ModelChooser()
        self.chooser.setObjectName("try.run")
        self.chooser.setAccessibleName(tr("Model"))
        self.chooser.setToolTip(tr("The run whose best model answers."))
        self.chooser.run_chosen.connect(self._choose)
        self.chooser.picked.connect(self.picked)
        self.add_action(self.chooser)
        self._make_parts()
        self.incoming = Incoming(self)
        self._join()
        self._choose({})

    def set_runs(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Offer runs that have a model, newest first; see ModelChooser for what one holds."""
        self.chooser.set_runs(runs)

    def choose_run(self, *paths: str) -> None:
        """Choose the model of the run in the first of these folders that has one."""
        self.chooser.choose(*paths)

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
        if self.panel is not None:
            self.panel.stop()

    def _make_parts(self) -> None:
        self.empty = EmptyState(
            "magic-wand",
            tr("There is no model to try yet"),
            tr("Train one. It can be tried while it is still training."),
            tr("Go to Train"),
        )
        self.empty.acted.connect(self.training_requested)
        self.batch = TryBatch()
        self.batch.setObjectName("try.batch")
        self._right = QVBoxLayout()
        self._right.setSpacing(Space.gap)
        self._right.addWidget(self.batch, 1)
        content = QWidget()
        self._row = QHBoxLayout(content)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(Space.gap)
        self._row.addLayout(self._right, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(content)
        self.body.addWidget(self.stack, 1)

    def _join(self) -> None:
        self.incoming.came.connect(self.clear_banners)
        self.batch.chosen.connect(self._show_row)
        self.batch.failed.connect(self._show_error)
        self.batch.cancel_wanted.connect(self._cancel)
        self.batch.invert_changed.connect(lambda _: self.asking.ask_about_many(self._paths, self.batch.options()))
        self.asking.sampled.connect(self._take_sample)
        self.asking.sample_failed.connect(self._show_moved)
        self.asking.progressed.connect(self.batch.show_progress)
        self.asking.batch_done.connect(self.batch.set_predictions)
        self.asking.batch_failed.connect(self._fail_batch)

    def _choose(self, run: Mapping[str, Any]) -> None:
        self.stack.setCurrentIndex(1 if run else 0)
        self.chooser.setVisible(bool(run))
        self.clear_banners()
        path = str(run.get("path", ""))
        if path != self._run:
            self.incoming.set_panel(None)  # what comes waits until the model has said what it reads
        self._run = path
        if run:
            self.asking.set_run(path)
            self._description.ask({"run": path})
        else:
            self.set_line(tr("See what a trained model says."))

    def _take_description(self, about: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        way = (str(about.get("task", "")), str(about["inputs"]["kind"]))
        if self.panel is None or way != self._way:
            self._way = way
            self._place(panel_for(*way)(self._engine))
        assert self.panel is not None
        self.panel.set_run(asked["run"], about)
        self.set_line(self.panel.line())
        self.incoming.set_panel(self.panel)

    def _place(self, panel: Panel) -> None:
        """Show this panel in place of the one before."""
        if self.panel is not None and self._frame is not None:
            self.panel.stop()
            for gone in (self._frame, self.panel.result):
                gone.setParent(None)
                gone.deleteLater()
        self.panel, self._frame = panel, TryFrame(panel)
        panel.failed.connect(self._show_error)
        panel.refused.connect(self._show_refusal)
        panel.many_came.connect(self._predict_many)
        self._frame.open_wanted.connect(self.incoming.choose_files)
        self._frame.sample_wanted.connect(lambda: self.asking.ask_sample())
        self.incoming.listen(self._frame)
        self._row.insertWidget(0, self._frame, 1)
        self._right.insertWidget(0, panel.result, 0 if panel.batches else 1)
        self.batch.setVisible(panel.batches)
        self.batch.begin(panel.answer, panel.many_hint)

    def _take_sample(self, sample: Mapping[str, Any]) -> None:
        self.clear_banners()
        if self.panel is not None:
            self.panel.take_sample(sample)

    def _predict_many(self, paths: list[str]) -> None:
        self.clear_banners()
        self._paths = paths
        self.asking.ask_about_many(paths, self.batch.options())

    def _show_row(self, row: Mapping[str, Any]) -> None:
        if self.panel is not None:
            self.panel.show_row(row["prediction"], self.batch.options())

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
