"""The learning rate over a run: planned by the schedule, and where the run is."""

from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.plots.curve_plot import CurvePlot
from workbench.gui.plots.pyramid import Pyramid

PLANNED = "planned"


class LearningRatePlot(CurvePlot):
    """One curve of the whole run; `set_now` marks the step that the run has reached and shows its value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Learning rate"), log=False, read=_read, parent=parent)

    def set_rates(self, steps: Any, values: Any, schedule: str = "") -> None:
        """Show learning rates by step; `schedule` is the name of the schedule."""
        self.set_series(PLANNED, steps, values, schedule or tr("Learning rate"), color=2, smooth=False)

    def show_rates(self, data: Pyramid, schedule: str = "") -> None:
        """Show learning rates that someone else keeps; call it again when some have come."""
        self.set_data(PLANNED, data, schedule or tr("Learning rate"), color=2, smooth=False)

    def set_now(self, step: float | None) -> None:
        """Mark where the run is and show the learning rate there; None takes the mark away."""
        super().set_now(step)
        self._now = step

    def flush(self) -> None:
        """Draw, with the value of the step that the run has reached."""
        super().flush()
        step = getattr(self, "_now", None)
        if step is not None and PLANNED in self.names() and self._pointed is None:
            point = self._curves[PLANNED].data.at(step)
            self.legend.show_value(PLANNED, _read(point[1]) if point else "")


def _read(value: float) -> str:
    return figures.setting(float(f"{value:.3g}")) if value == value else figures.number(value)
