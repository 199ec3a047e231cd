"""The answer of a classifier: its label, how sure it is, and the runners-up as bars."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.pages.trying.result import Result, taken
from workbench.gui.widgets.bars import Bars


class LabelBars(Result):
    """One label for one input, and beside it the true one where it is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = Bars()
        self.bars.hide()
        self.bars.setObjectName("try.bars")
        self.room.addWidget(self.bars)

    def answer(self, prediction: Mapping[str, Any]) -> str:
        return str(prediction["label"])

    def show_answer(self, prediction: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        label, score, truth = self.answer(prediction), float(prediction["score"]), str(sample.get("label", ""))
        time = taken(prediction)
        shown = figures.percent(score)
        small = tr("{score} · {time}", score=shown, time=time) if time else shown
        right = truth == label if truth else None
        told = tr("Right: it is {label}", label=truth) if right else tr("Wrong: it is {label}", label=truth)
        self.show_line(label, small, told if truth else "", right)
        self.bars.set_bars([(str(entry["label"]), float(entry["score"])) for entry in prediction["top"]])
        self.bars.show()

    def clear_answer(self) -> None:
        self.bars.hide()
