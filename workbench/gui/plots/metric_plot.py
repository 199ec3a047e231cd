"""A metric of a run, in training and in validation."""

from PySide6.QtWidgets import QWidget

from workbench.gui.plots.curve_plot import EPOCH
from workbench.gui.plots.loss_plot import TrainingPlot


class MetricPlot(TrainingPlot):
    """A metric by epoch; `percent` writes shares of one as percent."""

    def __init__(self, title: str, percent: bool = True, where: str = EPOCH, parent: QWidget | None = None) -> None:
        super().__init__(title, where, percent, smoothing=None, log=False, parent=parent)
