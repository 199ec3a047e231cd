"""A card that shows how far a job has come, with the button that stops it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.progress import ProgressLine


class JobCard(Card):
    """Hidden while nothing is done; `cancel_wanted` when the button is pressed."""

    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.line = ProgressLine()
        self.cancel = button(tr("Cancel"))
        self.cancel.clicked.connect(self.cancel_wanted)
        row = QHBoxLayout()
        row.setSpacing(Space.padding)
        row.addWidget(self.line, 1)
        row.addWidget(self.cancel)
        self.body.addLayout(row)
        self.hide()

    def show_progress(self, what: str, stage: str = "", fraction: float | None = None, left: str = "") -> None:
        """Show what is done, its stage, how much of it is done (None: nobody knows) and the time left."""
        self.line.set_fraction(fraction)
        self.line.set_left(what, stage)
        self.line.set_right("", left)
