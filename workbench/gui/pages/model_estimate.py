"""What a model costs here: parameters, and memory and time as two real training steps measured them."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.current_job import CurrentJob
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button, link_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.figure import Figure
from workbench.gui.widgets.progress import SlimBar

_QUIET = 800  # milliseconds without an edit before a measurement begins


class Estimate(Card):
    """Measures by itself after a moment of quiet, and gives up a measurement that the next edit outdates.

    Only while it is seen: a page behind another must not take the cores from a training.
    """

    measured = Signal(object)  # what model.measure answered
    batch_wanted = Signal(int)  # the batch size that fits is to be taken
    fitting_found = Signal(int)  # the batch size that fits, where the chosen one does not, else 0

    def __init__(self, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_caption(tr("Measured on this device"))
        self._job = CurrentJob(jobs, self)
        self._job.progressed.connect(lambda stage, *_: self._say(stage))
        self._job.answered.connect(self._finish)
        self._job.failed.connect(lambda error: self._settle(error.translated(), wrong=True))
        self._recipe: dict[str, Any] = {}
        self._is_due = False
        self._found = ""  # what is fastest, to be said with the next figures
        self._wide = False
        self._remark = ("", False)  # text, whether it is an error
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET)
        self._quiet.timeout.connect(self._measure)
        self.parameters = Figure(caption=tr("parameters"))
        self.memory = Figure(caption=tr("memory"))
        self.time = Figure(caption=tr("per epoch"))
        self.state = look(QLabel(), "muted")
        self.state.setWordWrap(True)
        self.busy = SlimBar()
        self.again = button(tr("Measure again"))
        self.again.clicked.connect(self._measure)
        self.take = button(tr("Take the batch that fits"))
        self.take.setObjectName("model.take_batch")
        self.take.clicked.connect(lambda: self.batch_wanted.emit(self._fitting))
        self.fastest = link_button(
            tr("Find the fastest settings"),
            tip=tr("Trains a few steps with one setting after the other, and keeps what is fastest for later runs."),
        )
        self.fastest.setObjectName("model.fastest")
        self.fastest.clicked.connect(self._find_fastest)
        self._tuning = CurrentJob(jobs, self)
        self._tuning.progressed.connect(lambda stage, *_: self._say(stage))
        self._tuning.answered.connect(self._tell_fastest)
        self._tuning.failed.connect(lambda error: self._settle(error.translated(), wrong=True))
        self._fitting = 0
        self._figures = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._figures.setSpacing(Space.medium)
        for widget in (self.parameters, self.memory, self.time):
            self._figures.addWidget(widget)
        self.body.addLayout(self._figures)
        self.body.addStretch(1)
        for widget in (self.busy, self.state, self.take, self.again, self.fastest):
            self.add(widget)
        self._settle("")

    def set_wide(self, wide: bool) -> None:
        """Put the figures side by side, or one above the other."""
        directions = QBoxLayout.Direction
        self._figures.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
        self._wide = wide
        self._say(*self._remark)

    def set_parameters(self, count: int | None) -> None:
        """Show how many parameters the model has; None while it is not known."""
        self.parameters.set_figure(figures.count(count) if count is not None else "–")

    def set_recipe(self, recipe: dict[str, Any] | None) -> None:
        """Measure this recipe soon; None: nothing to measure."""
        self.cancel()
        self._recipe, self._found = recipe or {}, ""
        batch = self._recipe.get("training", {}).get("batch_size")
        whole = batch == "all"
        caption = (
            tr("memory with all samples at once")
            if whole
            else tr("memory at batch {size}", size=batch)
            if batch
            else tr("memory")
        )
        self.memory.set_caption(caption)
        self._is_due = bool(recipe)
        if recipe:
            self._show_waiting()
            if self.isVisible():
                self._quiet.start()
        else:
            self._show_figures(None)
            self._settle("")

    def cancel(self) -> None:
        """Stop measuring."""
        self._quiet.stop()
        self._job.cancel()
        self._tuning.cancel()

    def is_measuring(self) -> bool:
        """Return whether a measurement runs or is about to."""
        return self._job.is_running() or self._tuning.is_running() or self._quiet.isActive()

    def showEvent(self, event: QShowEvent) -> None:
        """Measure what nobody could see before."""
        super().showEvent(event)
        if self._is_due:
            self._quiet.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the cores to others; what was not finished is measured when this is seen again."""
        super().hideEvent(event)
        if self._tuning.is_running():
            self._settle("")
        self.cancel()

    def _show_waiting(self) -> None:
        self._show_figures(None)
        self._say(tr("Measuring two training steps…"))
        self._show_busy()

    def _show_busy(self) -> None:
        for other in (self.again, self.take, self.fastest):
            other.hide()
        self.busy.show()
        self.busy.set_fraction(None)

    def _measure(self) -> None:
        if not self._recipe:
            return
        self.cancel()
        self._show_waiting()
        self._job.start("model.measure", {"recipe": self._recipe})

    def _find_fastest(self) -> None:
        self.cancel()
        self._show_busy()
        self._say(tr("Measuring training steps"))
        self._tuning.start("model.tune", {"recipe": self._recipe})

    def _tell_fastest(self, answer: Mapping[str, Any]) -> None:
        """Say what is fastest, and measure with it what an epoch takes."""
        if not answer["settings"]:
            self._settle(tr("Nothing is faster than what is taken by itself."))
            return
        self._found = tr(
            "Fastest: {settings}, {ratio} times. Kept for later runs.",
            settings=tr(from_plain(answer["named"])),
            ratio=f"{float(answer['ratio']):.2f}",
        )
        self._measure()

    def _finish(self, answer: Mapping[str, Any]) -> None:
        self._is_due = False
        self._show_figures(answer)
        fits = bool(answer["fits"])
        self._fitting = 0 if fits else int(answer["batch_size"])
        self.fitting_found.emit(self._fitting)
        if fits:
            self._settle(self._found or figures.rate(float(answer["samples_per_second"])))
            self.fastest.setVisible(not self._found)
            self._found = ""
        else:
            self._offer(figures.count(self._fitting), figures.size(float(answer["free"])))
        self.measured.emit(answer)

    def _offer(self, batch: str, free: str) -> None:
        """Say that the batch does not fit, and which does."""
        words = tr("This batch does not fit into the {free} that are free. Batch {batch} fits.", free=free, batch=batch)
        self._settle(words, wrong=True)
        self.memory.set_caption(tr("memory at batch {size}", size=batch))
        self.take.setText(tr("Take batch {batch}", batch=batch))
        self.take.setAccessibleName(self.take.text())
        self.take.show()

    def _settle(self, text: str, wrong: bool = False) -> None:
        self.busy.hide()
        self.take.hide()
        self._say(text, wrong)
        self.again.setVisible(wrong)
        self.fastest.setVisible(bool(self._recipe) and not wrong)

    def _say(self, text: str, wrong: bool = False) -> None:
        """Show a remark below the figures, or beside the heading where height is short."""
        self._remark = text, wrong
        beside = self._wide and not wrong
        self.set_note(text if beside else "")
        self.state.setText("" if beside else text)
        self.state.setVisible(bool(self.state.text()))
        look(self.state, "error" if wrong else "muted")

    def _show_figures(self, answer: Mapping[str, Any] | None) -> None:
        self.memory.set_figure(figures.size(float(answer["memory"])) if answer else "–")
        self.time.set_figure(figures.duration(float(answer["seconds_per_epoch"])) if answer else "–")
