"""Opened texts: a table of them with their labels."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.pages.previews.preview import Preview, class_tile, renamed, split_titles, total
from workbench.gui.pages.previews.rows import PagedRows
from workbench.gui.plots.length_histogram import LengthHistogram
from workbench.gui.widgets.chips import MenuChip
from workbench.gui.widgets.table import Column

_HEIGHT = 196  # pixels of the plot of lengths


class TextPreview(Preview):
    """Rows of one split, as they were found; the labels bear the names that the classes have now."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._classes: tuple[list[str], list[str]] = ([], [])  # as found, as named now
        self._split = MenuChip(split_titles(), "training")
        self._split.setObjectName("data.split_filter")
        self._split.setToolTip(tr("Show one split"))
        self._split.chosen.connect(self._show_split)
        self.add_action(self._split)
        self.rows = PagedRows(engine, worded=self._worded)
        self.rows.table.setAccessibleName(tr("Texts"))
        self.rows.failed.connect(self.failed)
        self.add(self.rows, 1)
        self.lengths = LengthHistogram()
        self.lengths.setObjectName("data.lengths")
        self.lengths.failed.connect(self.failed)
        self.lengths.setFixedHeight(_HEIGHT)
        self.lengths.hide()
        self.add(self.lengths)

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        classes = list(summary["classes"])
        self._classes = (classes, classes)
        columns = [Column("text", tr("Text")), Column("label", tr("Label")), Column("name", tr("Row"))]
        if not classes and not summary.get("target"):
            del columns[1]
        self.rows.set_columns(columns)
        self.rows.set_data(data, summary)
        self._split.set_choices(split_titles(), "training")
        lengths = summary.get("facts", {}).get("lengths", {})
        self.lengths.setVisible(bool(lengths))
        if lengths:
            self.lengths.set_lengths(lengths)
        self._show_split()

    def set_classes(self, classes: list[str]) -> None:
        self._classes = (self._classes[0], list(classes))
        self.rows.word_again()

    def tiles(self, summary: Mapping[str, Any]) -> list[tuple[str, str]]:
        tiles = [(tr("Texts"), figures.count(total(summary))), *class_tile(summary)]
        length = summary.get("facts", {}).get("median_length")
        return [*tiles, (tr("Characters"), figures.count(int(length)))] if length else tiles

    def _show_split(self, *_: object) -> None:
        self.rows.show_split(self._split.value() or "training")

    def _worded(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the row under the names that the classes have now, also where it has several."""
        label = str(row.get("label", ""))
        if label in self._classes[0] or ", " not in label:
            return {**row, "label": renamed(label, *self._classes)}
        return {**row, "label": ", ".join(renamed(part, *self._classes) for part in label.split(", "))}
