"""How much of its privacy budget a training has spent: a line of figures and a slim bar."""

import math
from collections.abc import Mapping

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.theme import look, tabular
from workbench.gui.tokens import Space
from workbench.gui.widgets.progress import SlimBar


class PrivacyMeter(QWidget):
    """Says ε 1.23 of 8.00, with a bar, and at what δ; hidden for what does not train privately."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = look(QLabel(tr("Privacy")), "muted")
        self._spent = look(QLabel(), "strong")
        self._chance = look(QLabel(), "muted")
        self._bar = SlimBar()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        for label in (self._title, self._spent):
            label.setFont(tabular(label.font()))
            layout.addWidget(label)
        layout.addWidget(self._bar, 1)
        layout.addWidget(self._chance)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            tr(
                "ε says how much the model may tell of a single sample, and δ how likely it may tell more. Training "
                "ends before the budget is exceeded."
            )
        )
        self.hide()

    def show_spent(self, epsilon: float, budget: Mapping[str, float]) -> None:
        """Show what is spent of the budget {epsilon, delta}, NaN while that is not known; without one, nothing."""
        self.setVisible(bool(budget))
        if not budget:
            return
        spent = 0.0 if math.isnan(epsilon) else epsilon
        values = {"spent": figures.number(spent), "budget": figures.number(budget["epsilon"])}
        self._spent.setText(tr("ε {spent} of {budget}", **values))
        self._chance.setText(tr("δ {delta}", delta=figures.number(budget["delta"])))
        self._bar.set_fraction(spent / budget["epsilon"])
        self.setAccessibleName(f"{self._title.text()}: {self.text()}")

    def text(self) -> str:
        """Return the figures as they are shown."""
        return f"{self._spent.text()}, {self._chance.text()}"
