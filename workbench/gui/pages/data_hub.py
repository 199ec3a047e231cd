"""The Data page's way to the Hugging Face hub: a name to write, or a well-known data set to click."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.theme import explain, look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button, link_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.choice_card import ChoiceCard
from workbench.gui.widgets.scroll import scrolled

_COLUMNS = 3
_CONFIGURATION_WIDTH = 220


class DataHub(QWidget):
    """Takes the name of a data set; what the well-known ones are is asked of the engine when this is first shown."""

    wanted = Signal(object, str)  # data settings, title
    left = Signal()
    failed = Signal(object)  # UserError

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.hub")
        self.setAccessibleName(tr("From the Hugging Face hub"))
        self._engine = engine
        card = Card(tr("From the Hugging Face hub"))
        back = link_button(tr("Back"))
        back.setObjectName("data.hub.back")
        back.setAccessibleName(tr("Back"))
        back.clicked.connect(self.left)
        card.add_action(back)
        words = look(
            QLabel(tr("Images or texts by their name, downloaded once: after that no network is needed.")), "muted"
        )
        words.setWordWrap(True)
        card.add(words)
        card.body.addLayout(self._make_fields())
        self.known = Cards(tr("Well-known ones"))
        self.others = Cards(tr("Downloaded before"))
        sheet = QWidget()
        column = QVBoxLayout(sheet)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.gap)
        column.addWidget(card)
        column.addWidget(self.known)
        column.addWidget(self.others)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(sheet))

    def begin(self) -> None:
        """Get ready to be shown: look which data sets are here already, and wait for a name."""
        self._engine.ask("hub.known").then(self, self._show_known, self.failed.emit)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_fields(self) -> QHBoxLayout:
        self.name = _field(tr("Name"), tr("owner/name, such as ylecun/mnist"), "data.hub.name")
        tip = tr("Which of its parts or versions, where a data set has several; empty takes the usual one.")
        self.configuration = _field(tr("Configuration"), tr("The usual one"), "data.hub.configuration", tip)
        self.configuration.setMaximumWidth(_CONFIGURATION_WIDTH)
        self.open = button(tr("Download and open"), icon_name="download-simple")
        self.open.setObjectName("data.hub.open")
        self.open.setAccessibleName(tr("Download and open"))
        self.open.clicked.connect(self._take_name)
        self.name.textChanged.connect(self._look_at_name)
        for field in (self.name, self.configuration):
            field.returnPressed.connect(self.open.click)
        row = QHBoxLayout()
        row.setSpacing(Space.medium)
        for field, share in ((self.name, 2), (self.configuration, 1)):
            column = QVBoxLayout()
            column.setSpacing(Space.small)
            column.addWidget(look(QLabel(field.accessibleName()), "caption"))
            column.addWidget(field)
            row.addLayout(column, share)
        row.addWidget(self.open, 0, Qt.AlignmentFlag.AlignBottom)
        self._look_at_name()
        return row

    def _look_at_name(self) -> None:
        explain(self.open, bool(self.name.text().strip()), tr("Write the name of a data set first."))

    def _take_name(self) -> None:
        name, configuration = self.name.text().strip(), self.configuration.text().strip()
        data = {"kind": "hub", "name": name}
        self.wanted.emit({**data, "configuration": configuration} if configuration else data, name)

    def _show_known(self, answer: Mapping[str, Any]) -> None:
        for part, entries in zip((self.known, self.others), (answer["sets"], answer["others"]), strict=True):
            part.show_cards([self._card(entry) for entry in entries])

    def _card(self, entry: Mapping[str, Any]) -> ChoiceCard:
        size = figures.size(entry["size"])
        words = tr("Downloaded, {size}", size=size) if entry["here"] else tr("{size} to download", size=size)
        card = ChoiceCard(str(entry["title"]), f"{tr(from_plain(entry['summary']))}\n{words}")
        data = dict(entry["data"])
        card.setObjectName(f"data.hub.{data['name']}")
        card.setCheckable(False)
        card.clicked.connect(lambda: self.wanted.emit(data, str(entry["title"])))
        return card


class Cards(QWidget):
    """A caption and cards below it, hidden while there are none."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: list[ChoiceCard] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(Space.gap)
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(column, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.medium)
        column.addWidget(look(QLabel(title), "caption"))
        column.addLayout(self._grid)
        self.hide()

    def show_cards(self, cards: Sequence[ChoiceCard]) -> None:
        """Show these cards in place of the former ones."""
        for card in self._cards:
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = list(cards)
        for place, card in enumerate(self._cards):
            self._grid.addWidget(card, place // _COLUMNS, place % _COLUMNS)
        self.setVisible(bool(self._cards))


def _field(title: str, placeholder: str, name: str, tip: str = "") -> QLineEdit:
    field = QLineEdit()
    field.setObjectName(name)
    field.setAccessibleName(title)
    field.setPlaceholderText(placeholder)
    field.setToolTip(tip)
    return field
