"""The Train page: set the training, start it, watch it, and decide how it goes on."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from workbench.core.errors import UserError
from workbench.core.events import Failed
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import LIVE, Batch
from workbench.core.words import plural, tr
from workbench.gui.pages.train_actions import TrainActions
from workbench.gui.pages.train_messages import TrainMessages
from workbench.gui.pages.train_plots import TrainPlots
from workbench.gui.pages.train_queue import TrainQueue
from workbench.gui.pages.train_ready import TrainReady
from workbench.gui.pages.train_settings import TrainSettings
from workbench.gui.pages.train_status import TrainStatus
from workbench.gui.run_progress import RunProgress
from workbench.gui.theme import Space
from workbench.gui.widgets.at_least import scrolled_below_least
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.page import Page


class TrainPage(Page):
    """Shows the settings of the next run and the newest run beside them.

    Every signal that concerns a run carries its name. resumed(name, assignments) goes on with a run, with these
    settings changed; wished(name, "pause" | "run" | "stop") speaks to one that trains.
    """

    changed = Signal(object)  # [training] as it stands, after every valid edit
    start_requested = Signal()
    resumed = Signal(str, object)
    wished = Signal(str, str)
    forked = Signal(str, str)  # name, one of GENTLER: a new run that goes on from the last good checkpoint
    try_requested = Signal(str)
    discarded = Signal(str)
    waited = Signal(str)  # a run that has gone still is given more time
    end_wanted = Signal(str)  # its process is to be ended at once
    queue_moved = Signal(str, int)
    queue_removed = Signal(str)
    mend_requested = Signal(object)  # settings by full name, which set right what the check found
    machines_requested = Signal()  # how this is started on several machines
    data_requested = Signal()
    model_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Train"), parent=parent)
        self._folder: RunFolder | None = None
        self._state = ""
        self._progress = RunProgress()
        self._metrics: Mapping[str, Any] = {}
        self._draft_line, self._draft_parameters = "", 0
        self._missing = "data"
        self._complaint: UserError | None = None
        self._still: Banner | None = None
        self._make_parts()
        self._join()
        self._rest()

    # What the window gives

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take the declarations of all settings, as the engine's settings.catalogue answers them."""
        self._metrics = catalogue["metrics"]
        self.plots.set_metrics(self._metrics, self._progress)
        self.settings.set_catalogue(catalogue)
        self._rest()

    def set_devices(self, devices: Sequence[Mapping[str, Any]], why: str) -> None:
        """Take the devices of this machine and, in words, why there is no GPU among them."""
        self.settings.set_devices(devices, why)

    def set_training(self, training: Mapping[str, Any], *, whole: bool = False) -> None:
        """Show these settings; what is not among them stays, or has its default if they are the `whole`."""
        self.settings.set_values(training, whole=whole)

    def training(self) -> dict[str, Any]:
        """Return the settings as they stand."""
        return self.settings.values()

    def set_draft(self, missing: str, line: str = "", samples: int = 0, parameters: int = 0, steps: int = 0) -> None:
        """Take what the next run has.

        missing: "data", "model", "settings" while those of the data are not in force, or empty. line names data and
        model. steps: of one epoch. 0 is not known.
        """
        self._missing, self._draft_line, self._draft_parameters = missing, line, parameters
        self.settings.show_steps(steps)
        training = self.training()
        epochs, wanted = training.get("epochs", 0), training.get("steps", 0)
        total = wanted if isinstance(wanted, int) and wanted else steps * epochs if isinstance(epochs, int) else 0
        self.ready.show_figures(samples, parameters, steps, total)
        self._rest()

    def show_fitting(self, batch_size: int) -> None:
        """Say at the batch size that only so many samples fit into the memory; 0: as many as are asked for."""
        self.settings.show_fitting(batch_size)

    def show_check(self, error: UserError | None) -> None:
        """Show what the check of the recipe found: at its field, or else in a banner."""
        self._complaint = error
        if error is not None:
            self.show_draft_rates((), (), "")
        placed = self.settings.show_error(error)
        self.clear_banners()
        if error is not None and not placed:
            banner = self.show_banner(Banner.of_error(error))
            if error.mend is not None:
                settings = dict(error.mend.settings)
                banner.add_action(tr(error.mend.title)).clicked.connect(lambda: self.mend_requested.emit(settings))
        self._rest()

    def show_draft_rates(self, steps: Sequence[float], rates: Sequence[float], schedule: str) -> None:
        """Draw the learning rate over the next run, or none; beside a run that is over it stands for what was."""
        self.ready.show_rates(steps, rates, schedule)
        if self._folder is not None and self._state not in LIVE and self._state != "starting":
            self.plots.show_planned(steps, rates, tr("Next: {what}", what=schedule) if len(steps) else "")

    # The run that is shown

    def show_run(self, folder: RunFolder | None, line: str = "") -> None:
        """Show this run from its beginning, or none; batches and states follow."""
        self._folder, self._state = folder, "starting" if folder else ""
        self.show_moving()
        self._progress = RunProgress()
        self.plots.clear()
        self.plots.show_planned((), (), "")
        self.messages.set_warnings(())
        self.messages.set_log(folder.path / "log.txt" if folder else None)
        self.clear_banners()
        self._run_line = line
        self._rest()

    def name_run(self, line: str) -> None:
        """Take what the run that is shown is about."""
        self._run_line = line
        self._rest()

    def run(self) -> str:
        """Return the name of the run that is shown, or an empty text."""
        return self._folder.name if self._folder else ""

    def state(self) -> str:
        """Return the state of the run that is shown, or an empty text."""
        return self._state

    def progress(self) -> RunProgress:
        """Return how far the run that is shown has come."""
        return self._progress

    def take(self, batch: Batch) -> None:
        """Take what is new in the run that is shown."""
        known = len(self._progress.warnings)
        self._progress.take(batch)
        self.plots.take(batch, self._progress)
        if len(self._progress.warnings) != known:
            self.messages.set_warnings(self._progress.warnings)
        self._rest()

    def set_state(self, state: str) -> None:
        """Take the state of the run that is shown."""
        if state == "queued" and self._state == "starting":
            return  # launched, and not yet heard of
        self._state = state
        if state == "failed" and isinstance(self._progress.ending, Failed):
            self.show_error(UserError.from_plain(dict(self._progress.ending.error)))
        self._rest()

    def show_error(self, error: UserError) -> None:
        """Show what went wrong with the run, in place of what was shown before."""
        self.clear_banners()
        banner = Banner.of_error(error)
        banner.set_closable(True)
        self.show_banner(banner)

    def show_still(self, seconds: float, can_end: bool) -> None:
        """Ask what to do: for so long nothing has come from the run. can_end: its process can be ended alone."""
        self.show_moving()
        banner = Banner(
            "warning",
            plural(
                round(seconds),
                "Nothing has come from this training for {count} second.",
                "Nothing has come from this training for {count} seconds.",
            ),
            tr("It may be busy with something long, or hang. A run that is ended goes on from its last checkpoint."),
        )
        banner.setObjectName("train.still")
        for text, act in ((tr("Wait"), self._wait), (tr("Stop and keep"), lambda: self._wish("stop"))):
            banner.add_action(text).clicked.connect(act)
        if can_end:
            banner.add_action(tr("End its process")).clicked.connect(lambda: self.end_wanted.emit(self.run()))
        self._still = banner
        self._questions.addWidget(banner)

    def show_moving(self) -> None:
        """Take back the question of `show_still`."""
        still, self._still = self._still, None
        if still is not None and isValid(still):
            still.close_banner()

    # Making it

    def _make_parts(self) -> None:
        self._run_line = ""
        self.buttons = TrainActions()
        self.add_action(self.buttons)
        self.status = TrainStatus()
        self.queue = TrainQueue()
        self.settings = TrainSettings()
        self.ready = TrainReady()
        self.plots = TrainPlots()
        self.right = QStackedWidget()
        self.right.addWidget(self.ready)
        self.right.addWidget(self.plots)
        self.messages = TrainMessages()
        self.empty = EmptyState("chart-line")
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.gap)
        row = QHBoxLayout()
        row.setSpacing(Space.gap)
        row.addWidget(self.settings)
        row.addWidget(self.right, 1)
        self._questions = QVBoxLayout()  # the checks of settings clear the page's banners: these stay
        column.addLayout(self._questions)
        column.addWidget(self.status)
        column.addWidget(self.queue)
        column.addLayout(row, 1)
        column.addWidget(self.messages)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(scrolled_below_least(content))
        self.body.addWidget(self.stack, 1)

    def _join(self) -> None:
        self.settings.changed.connect(self.changed)
        self.settings.machines_requested.connect(self.machines_requested)
        self.settings.validity_changed.connect(self._take_validity)
        self.queue.moved.connect(self.queue_moved)
        self.queue.removed.connect(self.queue_removed)
        self.plots.failed.connect(self.show_error)
        self.status.log.toggled.connect(self.messages.show_log)
        self.status.log.toggled.connect(lambda _: self._rest())
        self.empty.acted.connect(
            lambda: (self.model_requested if self._missing == "model" else self.data_requested).emit()
        )
        buttons = self.buttons
        for key, pressed_by_key in (("F5", buttons.start), ("F6", buttons.pause)):
            QShortcut(QKeySequence(key), self).activated.connect(pressed_by_key.click)
        buttons.start_pressed.connect(self.start_requested)
        for pressed, wish in (
            (buttons.pause_pressed, "pause"), (buttons.continue_pressed, "run"), (buttons.stop_pressed, "stop"),
        ):  # fmt: skip
            pressed.connect(lambda wish=wish: self._wish(wish))
        buttons.resume_pressed.connect(lambda: self.resumed.emit(self.run(), []))
        buttons.more_pressed.connect(
            lambda epochs: self.resumed.emit(self.run(), [f"training.epochs={self._progress.epochs_done() + epochs}"])
        )
        buttons.fork_pressed.connect(lambda kind: self.forked.emit(self.run(), kind))
        buttons.try_pressed.connect(lambda: self.try_requested.emit(self.run()))
        buttons.discard_confirmed.connect(lambda: self.discarded.emit(self.run()))

    def _take_validity(self, valid: bool) -> None:
        if not valid:
            self.show_draft_rates((), (), "")  # it was that of other values
        self._rest()

    def _wish(self, wish: str) -> None:
        """Show at once that it was heard; the trainer's answer follows."""
        if wish == "stop":
            self.set_state("stopping")
        self.wished.emit(self.run(), wish)

    def _wait(self) -> None:
        self.show_moving()
        self.waited.emit(self.run())

    def _rest(self) -> None:
        """Let every part show what is so."""
        shown = self._folder is not None
        self.stack.setCurrentIndex(1 if shown or not self._missing else 0)
        self.right.setCurrentIndex(1 if shown else 0)
        _invite(self.empty, self._missing)
        start = self._progress.start
        of_run = _with_parameters(self._run_line, start.parameters if start else 0)
        self.set_line(of_run if shown else _with_parameters(self._draft_line, self._draft_parameters))
        self.settings.show_next(self._draft_line if shown else "")
        why = _why_failed(self._progress) if self._state == "failed" else ""
        self.buttons.show_state(self._state, has_model=self._progress.has_model, why=why)
        self.buttons.allow_start(not self._why_not(), self._why_not())
        self.settings.allow_machines(not self._why_not(), self._why_not())
        self.messages.setVisible(shown and self.messages.has_something())
        self.status.setVisible(shown)
        if shown:
            known = self._metrics.get(self._progress.metric, {})
            title = tr(known.get("title", self._progress.metric)).lower()
            self.status.show_run(self._progress, self._state, title, bool(known.get("percent", True)))

    def _why_not(self) -> str:
        """Return why no run can be started, or an empty text."""
        if self._missing == "data":
            return tr("Open data first.")
        if self._missing == "model":
            return tr("Choose a model first.")
        if self._missing == "settings":
            return tr("The settings on the Data page are not in force yet.")
        if not self.settings.valid():
            return tr("Mend the settings that are marked first.")
        return self._complaint.translated() if self._complaint else ""


def _why_failed(progress: RunProgress) -> str:
    """Return what keeps a run that failed from simply going on, in the words of TrainActions, or an empty text."""
    if isinstance(progress.ending, Failed) and progress.ending.diverged:
        return "diverged"
    return "" if progress.step or progress.has_model else "failed at once"


def _with_parameters(line: str, count: int) -> str:
    """Return what a run is about, and how many parameters its network has; 0 is not known."""
    parameters = plural(count, "{count} parameter", "{count} parameters") if count else ""
    return "  ·  ".join(part for part in (line, parameters) if part)


def _invite(empty: EmptyState, missing: str) -> None:
    """Let the empty page lead to what is missing."""
    if missing == "model":
        empty.show_state(
            "stack", tr("Choose a model first"), tr("Then it can be trained on your data."), tr("Go to Model")
        )
    elif missing == "settings":
        empty.show_state(
            "database",
            tr("The settings on the Data page are not in force yet."),
            tr("The data are being read, or a setting is marked there."),
            tr("Go to Data"),
        )
    else:
        empty.show_state("chart-line", tr("Open data first"), tr("Training needs data and a model."), tr("Go to Data"))
