"""The plots of a run: loss, metric, and in one place learning rate, speed, memory and gradient."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.run_reader import Batch, joined, until
from workbench.core.words import mark, tr
from workbench.gui import figures
from workbench.gui.plots.curve_plot import CurvePlot
from workbench.gui.plots.learning_rate_plot import LearningRatePlot
from workbench.gui.plots.loss_plot import LossPlot
from workbench.gui.plots.metric_plot import MetricPlot
from workbench.gui.run_progress import RunProgress
from workbench.gui.tokens import Space
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import ActionsChip

Series = tuple[np.ndarray, np.ndarray]
_EMPTY: Series = (np.empty(0, np.uint32), np.empty(0, np.float32))
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
        self._history: dict[str, Series] = {}
        self._metric = ""
        self._metrics: Mapping[str, Any] = {}
        self._planned: Series = _EMPTY
        self._schedule = ""
        self.loss_plot = LossPlot()
        self.loss_plot.setObjectName("train.loss_plot")
        self.rates = LearningRatePlot()
        self.measured: dict[str, CurvePlot] = {"learning_rate": self.rates}
        for name, (title, read) in list(_MEASURED.items())[1:]:
            self.measured[name] = CurvePlot(tr(title), read=read, log=False)
        self.metric_plot = self._new_metric_plot(tr("Accuracy"), percent=True)
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

    def set_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Take title and unit of each metric, as the catalogue has them."""
        self._metrics = metrics

    def clear(self) -> None:
        """Begin with another run."""
        self._history.clear()
        self._wipe()

    def show_planned(
        self, steps: Sequence[float] | np.ndarray, rates: Sequence[float] | np.ndarray, schedule: str = ""
    ) -> None:
        """Draw the learning rate as the schedule means it to be over the whole run; without steps, as it was."""
        self._planned, self._schedule = (np.asarray(steps), np.asarray(rates)), schedule
        self._show_rates(None)

    def take(self, batch: Batch, progress: RunProgress) -> None:
        """Add what is new."""
        fresh: Mapping[str, Series] = batch.scalars
        if batch.keep_until is not None:
            self._history = {name: until(series, batch.keep_until) for name, series in self._history.items()}
            self._wipe()
        for name, series in batch.scalars.items():
            self._history[name] = joined(self._history[name], series) if name in self._history else series
        if batch.keep_until is not None:
            fresh = self._history
        if progress.metric and progress.metric != self._metric:
            self._name_metric(progress.metric)
        if "training_loss" in fresh:
            self.loss_plot.append_training(*fresh["training_loss"])
        if "validation_loss" in fresh:
            self.loss_plot.append_validation(*fresh["validation_loss"])
        for name, plot in list(self.measured.items())[1:]:
            if name in fresh and name in plot.names():
                plot.append(name, *fresh[name])
            elif name in fresh:
                plot.set_series(name, *fresh[name], title=tr(_MEASURED[name][0]), color=2, smooth=False)
        self._show_metric(progress)
        self._show_rates(progress)
        self._mark_best(progress)
        self.loss_plot.set_notes({warned.step: tr(warned.message) for warned in progress.warnings if warned.step})

    def points(self) -> int:
        """Return how many values of the training loss are shown."""
        return len(self._history.get("training_loss", _EMPTY)[0])

    def _wipe(self) -> None:
        for plot in (self.loss_plot, self.metric_plot, *self.measured.values()):
            plot.clear()

    def _name_metric(self, name: str) -> None:
        """Give the metric's plot the name and the unit of what this run's task measures."""
        known = self._metrics.get(name, {})
        self._metric = name
        before, self.metric_plot = (
            self.metric_plot,
            self._new_metric_plot(tr(known.get("title", name)), known.get("percent", True)),
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
        """Show the metric by epoch: a few points, set anew each time."""
        if not self._metric or progress.start is None:
            return
        per_epoch = max(1, progress.start.steps_per_epoch)
        for split, show in (
            ("training", self.metric_plot.set_training),
            ("validation", self.metric_plot.set_validation),
        ):
            steps, values = self._history.get(f"{split}_{self._metric}", _EMPTY)
            show(steps / per_epoch, values)

    def _show_rates(self, progress: RunProgress | None) -> None:
        """Show the plan with a mark at the present step; when the run is over, what the learning rate was."""
        recorded = self._history.get("learning_rate", _EMPTY)
        over = progress is not None and progress.ending is not None
        if len(self._planned[0]) and not (over and len(recorded[0])):
            if progress is None or "planned" not in self.rates.names():
                self.rates.set_rates(*self._planned, self._schedule)
            self.rates.set_now(progress.step if progress else None)
        else:
            self.rates.set_rates(*recorded, self._schedule)
            self.rates.set_now(None)

    def _mark_best(self, progress: RunProgress) -> None:
        steps, values = self._history.get("validation_loss", _EMPTY)
        if np.isfinite(values).any():
            at = int(np.nanargmin(values))
            self.loss_plot.mark_best(int(steps[at]), float(values[at]))
        value = progress.best.metrics.get(f"validation_{self._metric}") if progress.best else None
        if value is not None and progress.best:
            self.metric_plot.mark_best(progress.best.epoch, value)

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
