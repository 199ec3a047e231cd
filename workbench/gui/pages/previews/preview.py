"""What every preview of opened data is: a card with samples, the figures that describe them, and room beside it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from workbench.core.signature import SPLITS
from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.widgets.card import Card


class Preview(Card):
    """Shows the samples of one kind of inputs; `set_data` begins anew with other data.

    side: a card in place of the class balance, or None; looked at after every `set_data`.
    """

    augmentation_wanted = Signal()  # the person looks for augmentation while none is switched on
    failed = Signal(object)  # UserError

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Samples"), parent=parent)
        self.engine = engine
        self.side: QWidget | None = None

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        """Show these data from their beginning: their settings, and what `data.open` answered.

        Raises UserError when what is to be shown cannot be read.
        """
        raise NotImplementedError

    def set_classes(self, classes: list[str]) -> None:
        """Show other names for the classes."""

    def set_augmentation(self, augmentation: dict[str, Any]) -> None:
        """Preview with these settings of the augmentation from now on."""

    def set_architecture(self, architecture: dict[str, Any]) -> None:
        """Know the settings of the architecture on the Model page, for what depends on them; {} when there is none."""

    def tiles(self, summary: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return caption and figure of the tiles that stand before the sizes of the splits."""
        return [(tr("Samples"), figures.count(total(summary))), *class_tile(summary)]


def total(summary: Mapping[str, Any]) -> int:
    """Return how many samples there are in all splits together."""
    return sum(int(split.get("count", 0)) for split in summary["splits"].values())


def class_tile(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the tile that counts the classes, or nothing where there are none."""
    return [(tr("Classes"), figures.count(len(summary["classes"])))] if summary["classes"] else []


def split_titles() -> dict[str, str]:
    """Return what the splits are called."""
    titles = {"training": tr("Training"), "validation": tr("Validation"), "test": tr("Test")}
    return {split: titles[split] for split in SPLITS}


def renamed(label: str, found: list[str], named: list[str]) -> str:
    """Return what the class that the data call `label` is called now."""
    return dict(zip(found, named, strict=False)).get(label, label)
