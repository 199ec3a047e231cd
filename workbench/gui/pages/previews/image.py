"""Opened images: a grid of them, augmented if wanted."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.words import plural, tr
from workbench.gui import figures
from workbench.gui.latest import Latest
from workbench.gui.pages.data_images import CachedImages, ShownImages, decoded
from workbench.gui.pages.previews.preview import Preview, class_tile, split_titles, total
from workbench.gui.theme import explain
from workbench.gui.widgets.chips import Chip, MenuChip, ToggleChip
from workbench.gui.widgets.image_grid import ImageGrid

_MANY = 200  # classes beyond this make no useful menu


class ImagePreview(Preview):
    """Reads the images from their cache; asks the engine for augmented ones only."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._data: dict[str, Any] = {}
        self._images: CachedImages | None = None
        self._seed = 0
        self._augmented = Latest(engine, "data.augmented", 120, self)
        self._augmented.answered.connect(self._show_augmented)
        self._augmented.failed.connect(self._augmentation_failed)
        self._make_chips()
        self.grid = ImageGrid()
        self.grid.setObjectName("data.grid")
        self.grid.setAccessibleName(tr("Samples"))
        self.add(self.grid, 1)

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        classes = list(summary["classes"])
        self._images = CachedImages(Path(summary["cache"]), classes)
        self._data = data
        self._class.set_choices(_class_choices(classes), -1)
        self._class.setVisible(bool(classes))
        self._split.set_choices({"": tr("All splits"), **split_titles()})
        self.grid.set_cell(_cell(self._images.pixels.shape))
        self._refresh()

    def set_augmentation(self, augmentation: dict[str, Any]) -> None:
        self._data = {**self._data, "augmentation": augmentation}
        if self._switch.isChecked():
            self._refresh()

    def set_classes(self, classes: list[str]) -> None:
        if self._images is not None:
            self._images.classes = list(classes)
        self._class.set_choices(_class_choices(classes), self._class.value())
        self.grid.refresh()

    def tiles(self, summary: Mapping[str, Any]) -> list[tuple[str, str]]:
        channels, height, width = summary["inputs"]["shape"]
        colour = tr("grey") if channels == 1 else tr("colour")
        images = (tr("Images"), figures.count(total(summary)))
        return [images, *class_tile(summary), (tr("Size, {colour}", colour=colour), f"{width} × {height}")]

    def _make_chips(self) -> None:
        self._class = MenuChip(_class_choices([]), -1)
        self._class.setObjectName("data.class_filter")
        self._class.setToolTip(tr("Show one class"))
        self._split = MenuChip({"": tr("All splits"), **split_titles()}, "")
        self._split.setObjectName("data.split_filter")
        self._split.setToolTip(tr("Show one split"))
        self._switch = ToggleChip(tr("With augmentation"))
        self._switch.setObjectName("data.augmented")
        self._switch.setToolTip(tr("Shows training images as the model will see them."))
        self._again = Chip(tr("Draw again"))
        self._again.setObjectName("data.augment_again")
        self._again.setToolTip(tr("Makes other random changes of the same images."))
        self._again.hide()
        for chip in (self._class, self._split, self._switch, self._again):
            self.add_action(chip)
        self._class.chosen.connect(self._refresh)
        self._split.chosen.connect(self._refresh)
        self._switch.toggled.connect(self._toggle)
        self._again.clicked.connect(self._draw_again)

    def _toggle(self, on: bool) -> None:
        self._again.setVisible(on)
        explain(self._split, not on, tr("Only training images are changed."))
        if on and not any(self._data.get("augmentation", {}).values()):
            self.augmentation_wanted.emit()
        self._refresh()

    def _draw_again(self) -> None:
        self._seed = random.randrange(2**31)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        if self._images is None:
            return
        target = int(self._class.value())
        if self._switch.isChecked():
            rows = self._images.rows_to_augment(target).tolist()
            self._augmented.ask({"data": self._data, "rows": rows, "seed": self._seed})
            return
        self._augmented.forget()
        shown = ShownImages(self._images, self._images.rows(self._split.value() or "", target))
        count = len(shown)
        self.set_note(plural(count, "{count} image", "{count} images") if count < len(self._images.pixels) else "")
        self._supply(shown)

    def _supply(self, shown: ShownImages) -> None:
        self.grid.set_supplier(len(shown), shown.fetch, shown.label, shown.tip)

    def _show_augmented(self, answer: dict[str, Any], asked: dict[str, Any]) -> None:
        if self._images is not None and self._switch.isChecked():
            self.set_note(tr("as the model will see them"))
            self._supply(ShownImages(self._images, np.asarray(asked["rows"], dtype=np.int64), decoded(answer)))

    def _augmentation_failed(self, error: UserError, _: object) -> None:
        self._switch.setChecked(False)
        self.failed.emit(error)


def _class_choices(classes: list[str]) -> dict[Any, str]:
    """Return what the chip offers: all classes, and each of them unless there are too many."""
    return {-1: tr("All classes")} | (dict(enumerate(classes)) if len(classes) <= _MANY else {})


def _cell(shape: tuple[int, ...]) -> int:
    """Return a side on the screen for images of shape (N, H, W, C): small ones grow, large ones shrink."""
    side = max(shape[1], shape[2])
    return 56 if side <= 40 else 72 if side <= 80 else 104
