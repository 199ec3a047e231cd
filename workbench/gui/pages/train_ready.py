"""What the Train page shows before the first step: what the run will cost, and how its learning rate will go."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.plots.learning_rate_plot import LearningRatePlot
from workbench.gui.tokens import Space
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.figure import Figure


class TrainReady(QWidget):
    """Figures of the run to come, and the drawing of its learning rate."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.samples = Figure(caption=tr("training samples"))
        self.parameters = Figure(caption=tr("parameters"))
        self.per_epoch = Figure(caption=tr("steps per epoch"))
        self.steps = Figure(caption=tr("steps in all"))
        row = QHBoxLayout()
        row.setSpacing(Space.padding)
        for figure in (self.samples, self.parameters, self.per_epoch, self.steps):
            row.addWidget(figure, 1)
        card = Card(tr("Ready to train"))
        card.body.addLayout(row)
        self.rates = LearningRatePlot()
        self.rates.setObjectName("train.planned_plot")
        plot = Card()
        plot.add(self.rates, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.gap)
        layout.addWidget(card)
        layout.addWidget(plot, 1)

    def show_figures(self, samples: int, parameters: int, steps_per_epoch: int, steps: int) -> None:
        """Show these figures; 0 is not known."""
        for figure, value in (
            (self.samples, samples),
            (self.parameters, parameters),
            (self.per_epoch, steps_per_epoch),
            (self.steps, steps),
        ):
            figure.set_figure(figures.count(value) if value else "–")

    def show_rates(self, steps: Sequence[float], rates: Sequence[float], schedule: str) -> None:
        """Draw the learning rate over the run."""
        self.rates.set_rates(steps, rates, schedule)
