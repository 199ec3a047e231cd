"""The answer of a model that tells a number: the number, how far off it usually is, and where it lies among others."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.latest import Latest
from workbench.gui.pages.trying.result import Result, taken
from workbench.gui.plots.truth_plot import TruthPlot


class NumberResult(Result):
    """The value of the first target, all of them where there are several, and the plot of the evaluation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._off: float | None = None
        self._evaluation: Latest | None = None
        self.plot = TruthPlot()
        self.plot.setObjectName("try.truth_plot")
        self.plot.hide()
        self.room.addWidget(self.plot, 1)

    def set_engine(self, engine: Any) -> None:
        """Ask this engine for the evaluation of the run."""
        self._evaluation = Latest(engine, "evaluation.kept", 0, self)
        self._evaluation.answered.connect(lambda found, _: self._show_evaluation(found))

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        self._names = [str(name) for name in description.get("goal", {}).get("names", ())]
        self._off = description.get("metrics", {}).get("validation_mae")
        self.plot.hide()
        if self._evaluation is not None:
            self._evaluation.ask({"run": run})

    def answer(self, prediction: Mapping[str, Any]) -> str:
        values = prediction.get("values", {})
        if len(values) > 1:
            return "  ".join(f"{name} {figures.number(value, 4)}" for name, value in values.items())
        return figures.number(float(prediction["value"]), 4) if "value" in prediction else "–"

    def show_answer(self, prediction: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        truth = str(sample.get("label", ""))
        off = "" if self._off is None else tr("usually off by {value}", value=figures.number(self._off))
        small = " · ".join(part for part in (", ".join(self._names), off, taken(prediction)) if part)
        self.show_line(self.answer(prediction), small, tr("It is {value}", value=truth) if truth else "")
        self.plot.mark(float(prediction["value"]) if "value" in prediction else None)

    def clear_answer(self) -> None:
        self.plot.mark(None)

    def _show_evaluation(self, found: Mapping[str, Any]) -> None:
        parts = found["splits"].get(found["split"], {}).get("residuals", ())
        self.plot.setVisible(bool(parts))
        if parts:
            self.plot.set_pairs(parts[0]["pairs"])
