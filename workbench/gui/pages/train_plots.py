"""The plots of a run: loss, metric, and in one place learning rate, speed, memory and gradient."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.run_reader import Batch
from workbench.core.words import mark, tr
from workbench.gui import figures
from workbench.gui.plots.curve_plot import CurvePlot
from workbench.gui.plots.learning_rate_plot import PLANNED, LearningRatePlot
from workbench.gui.plots.loss_plot import LossPlot
from workbench.gui.plots.metric_plot import MetricPlot
from workbench.gui.plots.pyramid import Pyramid
from workbench.gui.run_progress import RunProgress
from workbench.gui.tokens import Space
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import ActionsChip

Series = tuple[np.ndarray, np.ndarray]
_NO_PLAN: Series = (np.empty(0), np.empty(0))
_NO_POINTS = Pyramid()
_MEASURED = {
    "learning_rate": (mark("Learning rate"), figures.number),
    "samples_per_second": (mark("Speed"), figures.rate),
    "memory": (mark("Memory"), figures.size),
    "gradient_norm": (mark("Gradient"), figures.number),
    "skipped_steps": (mark("Skipped steps"), figures.count),
}


class TrainPlots(QWidget):
    """Shows the scalars of one run; batches are added as they come, what a later attempt replaces is dropped."""

    failed = Signal(object)  # UserError of an export

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history: dict[str, Pyramid] = {}
        self._metric_shown: tuple[int, int, int] | None = None  # its points of training and validation, steps an epoch
        self._metric = ""
        self._metrics: Mapping[str, Any] = {}
        self._planned: Series = _NO_PLAN
        self._schedule = ""
        self.loss_plot = LossPlot()
        self.loss_plot.setObjectName("train.loss_plot")
        self.rates = LearningRatePlot()
        self.measured: dict[str, CurvePlot] = {"learning_rate": self.rates}
        for name, (title, read) in list(_MEASURED.items())[1:]:
            self.measured[name] = CurvePlot(tr(title), read=read, log=False)
        self.metric_plot = self._new_metric_plot(tr("Metric"), percent=True)
        self._metric_card = _in_card(self.metric_plot)
        below = QHBoxLayout()
        below.setSpacing(Space.gap)
        below.addWidget(self._metric_card, 1)
        below.addWidget(self._one_of_measured(), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.gap)
        layout.addWidget(_in_card(self.loss_plot), 5)
        layout.addLayout(below, 4)
        for plot in (self.loss_plot, *self.measured.values()):
            plot.failed.connect(self.failed)

    def set_metrics(self, metrics: Mapping[str, Any], progress: RunProgress) -> None:
        """Take title and unit of each metric, as the catalogue has them; what is drawn already gets them too."""
        self._metrics = metrics
        if self._metric:
            self._name_metric(self._metric)
            self._show_metric(progress)
            self._mark_best(progress)

    def clear(self) -> None:
        """Begin with another run."""
        self._history.clear()
        if self._metric:  # what this run measures is known once an epoch is over
            self._name_metric("")
        self._wipe()

    def show_planned(
        self, steps: Sequence[float] | np.ndarray, rates: Sequence[float] | np.ndarray, schedule: str = ""
    ) -> None:
        """Draw the learning rate as the schedule means it to be over the whole run; without steps, as it was."""
        self._planned, self._schedule = (np.asarray(steps), np.asarray(rates)), schedule
        self._show_rates(None)

    def take(self, batch: Batch, progress: RunProgress) -> None:
        """Add what is new."""
        if batch.keep_until is not None:
            for series in self._history.values():
                series.cut(batch.keep_until)
            self._wipe()
        for name, (steps, values) in batch.scalars.items():
            self._history.setdefault(name, Pyramid()).extend(steps, values)
        fresh = self._history if batch.keep_until is not None else batch.scalars
        if progress.metric and progress.metric != self._metric:
            self._name_metric(progress.metric)
        if "training_loss" in fresh:
            self.loss_plot.show_training(self._history["training_loss"])
        if "validation_loss" in fresh:
            self.loss_plot.show_validation(self._history["validation_loss"])
        for name, plot in list(self.measured.items())[1:]:
            if name in fresh:
                plot.set_data(name, self._history[name], title=tr(_MEASURED[name][0]), color=2, smooth=False)
        self._show_metric(progress)
        self._show_rates(progress)
        self._mark_best(progress)
        self.loss_plot.set_notes({warned.step: tr(warned.message) for warned in progress.warnings if warned.step})

    def points(self) -> int:
        """Return how many values of the training loss are shown."""
        return len(self._history.get("training_loss", _NO_POINTS))

    def _wipe(self) -> None:
        for plot in (self.loss_plot, self.metric_plot, *self.measured.values()):
            plot.clear()
        self._metric_shown = None

    def _name_metric(self, name: str) -> None:
        """Give the metric's plot the name and the unit of what this run's task measures."""
        known = self._metrics.get(name, {})
        self._metric, self._metric_shown = name, None
        before, self.metric_plot = (
            self.metric_plot,
            self._new_metric_plot(tr(known.get("title", name) or "Metric"), known.get("percent", True)),
        )
        self._metric_card.body.replaceWidget(before, self.metric_plot)
        before.setObjectName("")
        before.hide()
        before.deleteLater()

    def _new_metric_plot(self, title: str, percent: bool) -> MetricPlot:
        plot = MetricPlot(title, percent=percent)
        plot.setObjectName("train.metric_plot")
        plot.failed.connect(self.failed)
        return plot

    def _show_metric(self, progress: RunProgress) -> None:
        """Show the metric by epoch: a few points, set anew when some have come."""
        if not self._metric or progress.start is None:
            return
        per_epoch = max(1, progress.start.steps_per_epoch)
        known = [self._history.get(f"{split}_{self._metric}", _NO_POINTS) for split in ("training", "validation")]
        shown = len(known[0]), len(known[1]), per_epoch
        if shown == self._metric_shown:
            return
        self._metric_shown = shown
        for series, show in zip(known, (self.metric_plot.set_training, self.metric_plot.set_validation), strict=True):
            show(series.steps / per_epoch, series.values)

    def _show_rates(self, progress: RunProgress | None) -> None:
        """Show the plan with a mark at the present step; when the run is over, what the learning rate was."""
        recorded = self._history.get("learning_rate", _NO_POINTS)
        over = progress is not None and progress.ending is not None
        if len(self._planned[0]) and not (over and len(recorded)):
            if progress is None or PLANNED not in self.rates.names():
                self.rates.set_rates(*self._planned, self._schedule)
            self.rates.set_now(progress.step if progress else None)
        else:
            self.rates.show_rates(recorded, self._schedule)
            self.rates.set_now(None)

    def _mark_best(self, progress: RunProgress) -> None:
        losses = self._history.get("validation_loss", _NO_POINTS)
        if len(losses) and np.isfinite(losses.values).any():
            self.loss_plot.mark_best(*losses.point(int(np.nanargmin(losses.values))))
        value = progress.best.metrics.get(f"validation_{self._metric}") if progress.best else None
        if value is not None and progress.best and progress.start:
            self.metric_plot.mark_best(progress.best.step / max(1, progress.start.steps_per_epoch), value)

    def _one_of_measured(self) -> Card:
        """Return the card in which one of the measured curves is shown, chosen by a chip in its heading."""
        card, stack = Card(), QStackedWidget()
        for name, plot in self.measured.items():
            plot.setObjectName(f"train.{name}_plot")
            chip = ActionsChip(tr("Show"), tip=tr("Choose what is shown here"))
            chip.setObjectName(f"train.instead_of_{name}")
            for other, (title, _) in _MEASURED.items():
                if other != name:
                    shown = self.measured[other]
                    chip.add(tr(title)).triggered.connect(lambda _=False, shown=shown: stack.setCurrentWidget(shown))
            plot.header.add_action(chip)
            stack.addWidget(plot)
        card.add(stack, 1)
        return card


def _in_card(plot: QWidget) -> Card:
    card = Card()
    card.add(plot, 1)
    return card
