"""The opened data in figures: tiles for sizes and counts, and how evenly the classes are filled."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.pages.previews.preview import split_titles
from workbench.gui.plots.class_balance import ClassBalance
from workbench.gui.theme import look
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.figure import FigureTile

_LEAST_HEIGHT = 316  # pixels of the card with the plot


class DataSummary(QWidget):
    """A row of tiles: what the preview tells of the data, and how they are dealt out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.summary")
        self.setAccessibleName(tr("The data in figures"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)

    def set_summary(self, summary: Mapping[str, Any], tiles: Sequence[tuple[str, str]]) -> None:
        """Show these tiles, caption and figure, and behind them the sizes of the splits that `data.open` answered."""
        counts = [(title, _size(summary, split)) for split, title in split_titles().items()]
        for tile in self.findChildren(FigureTile):
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        for title, figure in (*tiles, *counts):
            tile = FigureTile(title, figure)
            self._row.addWidget(tile, 3 if "×" in figure else 2)


def _size(summary: Mapping[str, Any], split: str) -> str:
    return figures.count(int(summary["splits"].get(split, {}).get("count", 0)))


class Balance(Card):
    """How many samples each class has in each split, and a sentence that judges it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.sentence = look(QLabel(), "muted")
        self.sentence.setWordWrap(True)
        self.plot = ClassBalance()
        self.plot.setObjectName("data.balance")
        self.plot.setAccessibleName(tr("Class balance"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(_LEAST_HEIGHT)
        column = self.plot.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(1, self.sentence)  # between title and legend
        self.add(self.plot, 1)

    def hasHeightForWidth(self) -> bool:
        """Return False: the plot takes the height that the other cards leave, whatever its wrapped words prefer."""
        return False

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _LEAST_HEIGHT)

    def set_summary(self, summary: Mapping[str, Any], classes: Sequence[str]) -> None:
        """Show what `data.open` answered, under these names of the classes."""
        splits = summary["splits"]
        counts = {
            title: list(splits[split].get("classes", ())) for split, title in split_titles().items() if split in splits
        }
        self.plot.set_counts(list(classes), counts)
        found = next((problem for problem in summary["problems"] if _is_balance(problem)), None)
        self.sentence.setText(tr(from_plain(found["words"])) if found else "")
        self.sentence.setVisible(found is not None)


def without_balance(problems: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the findings that are not said beside the balance already."""
    return [problem for problem in problems if not (problem["level"] == "good" and _is_balance(problem))]


def _is_balance(problem: Mapping[str, Any]) -> bool:
    return problem["words"]["template"].startswith(("Even:", "Uneven:"))
