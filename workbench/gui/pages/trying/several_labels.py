"""The answer of a model that tells several labels: all that reach the threshold, and how likely each one is."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.core.words import plural, tr
from workbench.gui.pages.trying.result import Result, taken
from workbench.gui.theme import look
from workbench.gui.widgets.bars import Bars
from workbench.gui.widgets.elided_label import ElidedLabel

_THRESHOLD = 0.5  # as the task has it


class SeveralLabels(Result):
    """The labels of one input, bars with a line at the threshold, and the true labels where they are known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = Bars()
        self.bars.setObjectName("try.bars")
        self.line_says = look(ElidedLabel(tr("The line is at 50%: labels that reach it are told.")), "muted")
        for widget in (self.bars, self.line_says):
            widget.hide()
            self.room.addWidget(widget)

    def answer(self, prediction: Mapping[str, Any]) -> str:
        return str(prediction.get("label", "")) or tr("No label")

    def show_answer(self, prediction: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        count, time, truth = len(prediction.get("labels", ())), taken(prediction), str(sample.get("label", ""))
        small = plural(count, "{count} label", "{count} labels") if count else ""
        right = truth == str(prediction.get("label", "")) if truth else None
        told = tr("Right: it is {label}", label=truth) if right else tr("Wrong: it is {label}", label=truth)
        small = " · ".join(part for part in (small, time) if part)
        self.show_line(self.answer(prediction), small, told if truth else "", right)
        self.bars.set_bars([(str(row["label"]), float(row["score"])) for row in prediction["top"]], _THRESHOLD)
        for widget in (self.bars, self.line_says):
            widget.show()

    def clear_answer(self) -> None:
        for widget in (self.bars, self.line_says):
            widget.hide()
