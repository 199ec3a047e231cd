"""How far the forecasts of a model are off: by the step of the horizon beside the last value, and value by value."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.plots.series_plot import Line, SeriesPlot
from workbench.gui.tokens import Space


class ForecastErrors(QWidget):
    """Two plots of an evaluation of forecasts: error by step of the horizon, and forecasts beside the truth.

    plots: both, whose `failed` tells when one could not be exported.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Mapping[str, Any] = {}
        self.by_step = SeriesPlot(tr("Error by step of the horizon"))
        self.by_step.setObjectName("forecast.by_step")
        self.values = SeriesPlot(tr("Forecast beside the truth"))
        self.values.setObjectName("forecast.values")
        self.plots = (self.by_step, self.values)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        for plot in self.plots:
            layout.addWidget(plot, 1)

    def set_evaluation(self, found: Mapping[str, Any]) -> None:
        """Show what Forecasting.details said of a split."""
        self._found = found

    def is_empty(self) -> bool:
        """Return whether there is nothing to show."""
        return not self._found.get("horizon")

    def show_column(self, name: str) -> None:
        """Draw one of the columns that are forecast."""
        self._draw_steps(next((part["steps"] for part in self._found.get("horizon", ()) if part["name"] == name), []))
        parts = [part for part in self._found.get("forecasts", ()) if part["name"] == name]
        self._draw_values(parts)

    def _draw_steps(self, steps: Sequence[Mapping[str, Any]]) -> None:
        places = range(len(steps))
        lines = [
            Line(tr("Mean absolute error"), places, [row["mae"] for row in steps], 1, dots=True),
            Line(tr("Of the last value"), places, [row["naive"] for row in steps], -1, dashed=True),
        ]
        names = {place: f"+{row['step']}" for place, row in enumerate(steps)}
        self.by_step.set_lines(lines, (), names, from_zero=True)

    def _draw_values(self, parts: Sequence[Mapping[str, Any]]) -> None:
        if not parts:
            self.values.set_lines([])
            return
        part = max(parts, key=lambda part: int(part["step"]))
        places = range(len(part["truth"]))
        ahead = tr("Told {steps} steps ahead", steps=figures.count(part["step"]))
        lines = [
            Line(tr("Truth"), places, part["truth"], 0),
            Line(ahead, places, part["predicted"], 1, dashed=True),
            Line(tr("The last value"), places, part["last"], -1, faint=True),
        ]
        names = {place: tr("from {time}", time=name) for place, name in enumerate(part["windows"])}
        self.values.set_lines(lines, (), names)
