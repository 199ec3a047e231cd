"""The loss of a run, in training and in validation."""

from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.core.words import tr
from workbench.gui.plots.curve_plot import STEP, CurvePlot
from workbench.gui.plots.pyramid import Pyramid

TRAINING, VALIDATION = "training", "validation"


class TrainingPlot(CurvePlot):
    """A training series, smoothed over its raw points, and a validation series, dashed with points."""

    def __init__(
        self,
        title: str,
        where: str = STEP,
        percent: bool = False,
        smoothing: float | None = 0.6,
        log: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, where, percent, smoothing, log, parent=parent)

    def set_training(self, steps: Any, values: Any) -> None:
        """Show these values of the training split in place of any before."""
        self.show_training(_series(steps, values))

    def set_validation(self, steps: Any, values: Any) -> None:
        """Show these values of the validation split in place of any before."""
        self.show_validation(_series(steps, values))

    def show_training(self, data: Pyramid) -> None:
        """Show values of the training split that someone else keeps; call it again when some have come."""
        self.set_data(TRAINING, data, tr("Training"), color=0)

    def show_validation(self, data: Pyramid) -> None:
        """Show values of the validation split that someone else keeps; call it again when some have come."""
        self.set_data(VALIDATION, data, tr("Validation"), color=1, dashed=True, points=True, smooth=False)

    def append_training(self, steps: Any, values: Any) -> None:
        """Add values of the training split."""
        self._add(TRAINING, steps, values)

    def append_validation(self, steps: Any, values: Any) -> None:
        """Add values of the validation split."""
        self._add(VALIDATION, steps, values)

    def mark_best(self, step: float | None, value: float = 0.0) -> None:
        """Mark the best value, "best 0.284"; None takes the mark away."""
        self.set_best(step, "" if step is None else tr("best {value}", value=self._read(value)))

    def _add(self, name: str, steps: Any, values: Any) -> None:
        if name in self.names():
            self.append(name, steps, values)
        elif name == TRAINING:
            self.set_training(steps, values)
        else:
            self.set_validation(steps, values)


def _series(steps: Any, values: Any) -> Pyramid:
    data = Pyramid()
    data.extend(steps, values)
    return data


class LossPlot(TrainingPlot):
    """The loss of every step, and of validation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Loss"), parent=parent)
