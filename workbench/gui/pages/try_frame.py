"""The card of the page in which a model is given something: the panel for it, in an area that takes drops."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workbench.core.words import tr
from workbench.gui.pages.trying import Panel
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.drop_area import DropArea


class TryFrame(Card):
    """Made anew for every panel."""

    open_wanted = Signal()
    sample_wanted = Signal()
    files_dropped = Signal(list)
    image_dropped = Signal(QImage)
    text_dropped = Signal(str)

    def __init__(self, panel: Panel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Input"), parent=parent)
        self.panel = panel
        for chip in panel.chips:
            self.add_action(chip)
        self.drop = DropArea(*panel.invitation)
        self.drop.setObjectName("try.drop")
        self.drop.body.setContentsMargins(0, 0, 0, 0)
        for name in ("files", "image", "text"):
            getattr(self.drop, f"{name}_dropped").connect(getattr(self, f"{name}_dropped"))
        panel.setParent(self.drop)  # also while the drop area invites and the panel is not in its layout
        panel.hide()
        panel.occupied.connect(lambda on: self.drop.set_content(panel if on else None))
        panel.headed.connect(self._head)
        self.add(self.drop, 1)
        self.body.addLayout(self._make_ways())

    def _make_ways(self) -> QHBoxLayout:
        self.open = button(tr("Open…"), "folder-open", tr("Opens one file or many."))
        self.open.setObjectName("try.open")
        self.open.setAccessibleName(tr("Open"))
        self.open.clicked.connect(self.open_wanted)
        line = QHBoxLayout()
        line.setSpacing(Space.medium)
        line.addWidget(self.open)
        if self.panel.samples:
            line.addWidget(self._make_sample())
        for way in self.panel.ways:
            line.addWidget(way)
        line.addStretch(1)
        if self.panel.act is not None:
            line.addWidget(self.panel.act)
        return line

    def _make_sample(self) -> QPushButton:
        tip = tr("Takes a sample that the model has not learned from.")
        sample = button(tr("From the test set"), "shuffle", tip)
        sample.setObjectName("try.sample")
        sample.setAccessibleName(tr("From the test set"))
        sample.clicked.connect(self.sample_wanted)
        return sample

    def _head(self, title: str, note: str) -> None:
        self.set_title(title)
        self.set_note(note)
