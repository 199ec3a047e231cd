"""How far the run is, in one card: progress, speed, remaining time, and a sentence about its state."""

import math

from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.core.events import Failed, Finished, Stopped
from workbench.core.words import mark, tr
from workbench.gui import figures
from workbench.gui.run_progress import RunProgress
from workbench.gui.theme import look
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import ToggleChip
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.privacy_meter import PrivacyMeter
from workbench.gui.widgets.progress import ProgressLine

STATES = {
    "starting": mark("Starting"),
    "queued": mark("Waiting"),
    "running": mark("Training now"),
    "paused": mark("Paused"),
    "stopping": mark("Stopping"),
    "finished": mark("Finished"),
    "stopped": mark("Stopped"),
    "failed": mark("Failed"),
    "interrupted": mark("Interrupted"),
    "not responding": mark("Not responding"),
}


class TrainStatus(Card):
    """The progress card of a run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.line = ProgressLine()
        self.line.setObjectName("train.progress")
        self.status = look(ElidedLabel(tr("Nothing is training.")), "muted")
        self.status.setObjectName("train.status")
        self.log = ToggleChip(tr("Show log"), tip=tr("What the trainer itself wrote"))
        self.log.setObjectName("train.show_log")
        row = QHBoxLayout()
        row.addWidget(self.status, 1)
        row.addWidget(self.log)
        self.privacy = PrivacyMeter()
        self.privacy.setObjectName("train.privacy")
        self.add(self.line)
        self.add(self.privacy)
        self.body.addLayout(row)

    def show_run(self, progress: RunProgress, state: str, metric_title: str, percent: bool) -> None:
        """Show how far the run is."""
        self.setVisible(True)
        self.line.set_fraction(self._fraction(progress, state))
        self.line.set_left(*_left(progress, state))
        self.line.set_right(*_right(progress, state))
        budget = progress.start.privacy if progress.start else {}
        self.privacy.show_spent(progress.epsilon, budget)
        self.status.setText(sentence(progress, state, metric_title, percent))

    def _fraction(self, progress: RunProgress, state: str) -> float | None:
        if state in ("starting", "running") and progress.preparing is not None:
            total = progress.preparing.total
            return progress.preparing.done / total if total else None
        fraction = progress.fraction
        return 0.0 if fraction is None and state not in ("starting", "running") else fraction


def sentence(progress: RunProgress, state: str, metric_title: str, percent: bool) -> str:
    """Return one sentence about what the run is doing, or how it ended and what can be done now."""
    best = _best(progress, metric_title, percent)
    match state:
        case "starting":
            return tr("Starting. The first steps are a moment away.")
        case "running" if progress.preparing is not None:
            return tr("Getting ready: {stage}", stage=progress.preparing.stage)
        case "running":
            return f"{tr('Training now')}  ·  {best}" if best else tr("Training now")
        case "paused":
            return tr("Paused. The model stays loaded; try it meanwhile, or go on.")
        case "stopping":
            return tr("Stopping. What was learned is being saved.")
        case "queued":
            return tr("Waiting for its turn.")
        case "interrupted":
            return tr("Interrupted at step {step}. Resume?", step=figures.count(progress.step))
        case "not responding":
            return tr("The trainer has not been heard of for a while. It may be busy, or its machine asleep.")
        case "finished" | "stopped" | "failed":
            return _ending(progress, state, best)
    return ""


def _ending(progress: RunProgress, state: str, best: str) -> str:
    ending = progress.ending
    time = figures.duration(ending.seconds) if isinstance(ending, Finished | Stopped) and ending.seconds else ""
    words = [tr(STATES[state]) if not time else tr("{state} after {time}", state=tr(STATES[state]), time=time)]
    if isinstance(ending, Finished) and ending.reason.template:
        words.append(tr(ending.reason))
    if isinstance(ending, Failed):
        words = [tr("Failed at step {step}", step=figures.count(ending.step))]
    return "  ·  ".join(part for part in (*words, best) if part)


def _best(progress: RunProgress, metric_title: str, percent: bool) -> str:
    """Return the best value so far, and at the end the one on the test split."""
    name = progress.metric
    metrics = progress.best.metrics if progress.best else {}
    value = metrics.get(f"validation_{name}")
    words = []
    if value is not None and progress.best:
        shown = _shown(value, percent)
        words.append(
            tr("best {metric} {value}, epoch {epoch}", metric=metric_title, value=shown, epoch=progress.best.epoch)
        )
    tested = progress.metrics.get(f"test_{name}")
    if tested is not None:
        words.append(tr("test {metric} {value}", metric=metric_title, value=_shown(tested, percent)))
    return "  ·  ".join(words)


def _shown(value: float, percent: bool) -> str:
    return figures.percent(value) if percent else figures.number(value)


def _left(progress: RunProgress, state: str) -> tuple[str, str]:
    if progress.start is None:
        return tr(STATES.get(state, mark("Starting"))), ""
    epoch = tr("Epoch {epoch} of {epochs}", epoch=progress.epoch, epochs=progress.start.epochs)
    step = tr(
        "step {step} of {steps}", step=figures.count(progress.step), steps=figures.count(progress.start.total_steps)
    )
    return epoch, step


def _right(progress: RunProgress, state: str) -> tuple[str, str]:
    parts = []
    if math.isfinite(progress.rate):
        parts.append(figures.rate(progress.rate))
    if math.isfinite(progress.memory) and progress.memory > 0:
        parts.append(figures.size(progress.memory))
    seconds = progress.seconds_left()
    left = figures.left(seconds) if state == "running" and math.isfinite(seconds) else ""
    return "  ·  ".join(parts), left
