"""How fast a run goes, and how much memory it takes."""

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.plots.curve_plot import CurvePlot
from workbench.gui.tokens import Space

SPEED, MEMORY = "speed", "memory"


class ThroughputPlot(QWidget):
    """Two plots, one above the other: samples per second and memory."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.speed = CurvePlot(tr("Samples per second"), smoothing=0.0, log=False, read=figures.rate)
        self.memory = CurvePlot(tr("Memory"), log=False, read=_gigabytes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.gap)
        layout.addWidget(self.speed, 1)
        layout.addWidget(self.memory, 1)

    def set_speed(self, steps: Any, samples_per_second: Any) -> None:
        """Show the speed at these steps in place of any before."""
        self.speed.set_series(SPEED, steps, samples_per_second, tr("Speed"), color=2)

    def set_memory(self, steps: Any, gigabytes: Any) -> None:
        """Show the memory in GB at these steps in place of any before."""
        self.memory.set_series(MEMORY, steps, gigabytes, tr("Memory"), color=3, smooth=False)

    def append_speed(self, steps: Any, samples_per_second: Any) -> None:
        """Add speeds."""
        if SPEED in self.speed.names():
            self.speed.append(SPEED, steps, samples_per_second)
        else:
            self.set_speed(steps, samples_per_second)

    def append_memory(self, steps: Any, gigabytes: Any) -> None:
        """Add amounts of memory in GB."""
        if MEMORY in self.memory.names():
            self.memory.append(MEMORY, steps, gigabytes)
        else:
            self.set_memory(steps, gigabytes)

    def clear(self) -> None:
        """Take both curves away."""
        self.speed.clear()
        self.memory.clear()


def _gigabytes(value: float) -> str:
    return figures.size(value * 1e9)
