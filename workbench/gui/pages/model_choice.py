"""A card for each architecture: those that fit first, the others dimmed, with the reason."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QScrollArea, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui.widgets.choice_card import ChoiceCard

_LEAST_WIDTH = 172


class ArchitectureChoice(QScrollArea):
    """The cards in one row, which scrolls sideways when they are many."""

    chosen = Signal(str)  # kind

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget()
        self._row = QHBoxLayout(self._inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)
        self.setWidget(self._inside)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._entries: Mapping[str, Any] = {}
        self._cards: dict[str, ChoiceCard] = {}

    def set_architectures(self, entries: Mapping[str, Any]) -> None:
        """entries: kind to {title, summary, picture, …} as in the catalogue."""
        for card in self._cards.values():
            self._group.removeButton(card)
            card.hide()
            card.deleteLater()
        self._entries = entries
        self._cards = {kind: self._make_card(kind, entry) for kind, entry in entries.items()}
        self._arrange(list(self._cards))

    def set_reasons(self, reasons: Mapping[str, Any]) -> None:
        """Say for each kind why it does not fit: None, or words as plain values."""
        for kind, card in self._cards.items():
            reason = reasons.get(kind)
            card.set_reason(tr(from_plain(reason)) if reason else "")
        self._arrange(sorted(self._cards, key=lambda kind: bool(reasons.get(kind))))

    def choose(self, kind: str) -> None:
        """Mark the card of this kind."""
        card = self._cards.get(kind)
        if card is not None:
            card.setChecked(True)
            self._bring_into_view()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._bring_into_view()

    def _bring_into_view(self) -> None:
        """Scroll to the chosen card once the cards are in their places."""
        card = self._group.checkedButton()
        if card is not None:
            QTimer.singleShot(0, card, lambda: self.ensureWidgetVisible(card))

    def card(self, kind: str) -> ChoiceCard:
        """Return the card of this kind."""
        return self._cards[kind]

    def kinds(self) -> list[str]:
        """Return the kinds in the order of their cards."""
        return sorted(self._cards, key=lambda kind: self._row.indexOf(self._cards[kind]))

    def _make_card(self, kind: str, entry: Mapping[str, Any]) -> ChoiceCard:
        card = ChoiceCard(tr(entry["title"]), tr(entry["summary"]), _blocks(entry.get("picture", ())))
        card.setObjectName(f"model.architecture.{kind}")
        card.setMinimumWidth(_LEAST_WIDTH)
        if entry.get("paper"):
            card.setToolTip(str(entry["paper"]))
        card.clicked.connect(lambda: self.chosen.emit(kind))
        self._group.addButton(card)
        return card

    def _arrange(self, order: list[str]) -> None:
        before: QWidget | None = None
        for kind in order:
            card = self._cards[kind]
            self._row.removeWidget(card)
            self._row.addWidget(card, 1)
            if before is not None:
                QWidget.setTabOrder(before, card)
            before = card
        tallest = max((card.height_for(_LEAST_WIDTH) for card in self._cards.values()), default=92)
        for card in self._cards.values():
            card.setFixedHeight(tallest)
        self.setFixedHeight(tallest + 4 + self.horizontalScrollBar().sizeHint().height())


def _blocks(picture: Sequence[str]) -> list[dict[str, Any]]:
    """Return blocks for the small drawing: pictures shrink and deepen from pool to pool."""
    side, channels, blocks = 32, 8, []
    for kind in picture:
        if kind == "pool":
            side = max(4, side // 2)
        elif kind == "conv":
            channels *= 2
        flat = kind in ("linear", "output")
        blocks.append(
            {"kind": kind, "label": "", "shape": [48] if flat else [1 if kind == "input" else channels, side, side]}
        )
    return blocks
