"""The images of an opened data set, read from its cache where they lie, and what augmentation makes of them."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.signature import SPLITS
from workbench.core.words import tr

_AUGMENTED_VALUES = 3_000_000  # pixel values of one preview, so that it comes back in a blink
_AUGMENTED_MOST = 120


class CachedImages:
    """Images (N, H, W, C) uint8 in a memory map, with their targets, splits and names."""

    def __init__(self, cache: Path, classes: Sequence[str]) -> None:
        """Raises UserError when the cache cannot be read."""
        try:
            self.pixels = np.load(cache / "images.npy", mmap_mode="r")
            self.targets = np.load(cache / "targets.npy", mmap_mode="r")
            self.splits = np.load(cache / "splits.npy", mmap_mode="r")
            several = cache / "labels.npy"  # (N, labels), where an image can have several
            self.labels = np.load(several, mmap_mode="r") if several.exists() else None
        except (OSError, ValueError) as error:
            raise UserError(
                "The decoded images in {cache} cannot be read.",
                hint="Open the data again.",
                details=str(error),
                cache=str(cache),
            ) from error
        self.cache = cache
        self.classes = list(classes)
        self._names: list[str] | None = None

    def rows(self, split: str = "", target: int = -1) -> np.ndarray:
        """Return the rows of one split ("": of all) and one class (below 0: of all), rising."""
        kept = np.ones(len(self.pixels), bool)
        if split:
            kept &= np.asarray(self.splits) == SPLITS.index(split)
        if target >= 0:
            has = self.targets == target if self.labels is None else self.labels[:, target] > 0
            kept &= np.asarray(has)
        return np.flatnonzero(kept)

    def rows_to_augment(self, target: int) -> np.ndarray:
        """Return the first training rows of a class (below 0: of all), as many as a preview takes."""
        values = int(np.prod(self.pixels.shape[1:]))
        return self.rows("training", target)[: max(6, min(_AUGMENTED_MOST, _AUGMENTED_VALUES // values))]

    def name(self, row: int) -> str:
        """Return the file name of an image, or its number."""
        if self._names is None:
            try:
                self._names = list(json.loads((self.cache / "names.json").read_text(encoding="utf-8")))
            except (OSError, ValueError):
                self._names = []
        return str(self._names[row]) if row < len(self._names) else str(row)


class ShownImages:
    """Some rows of the images, at positions 0, 1, 2…; pixels: what is shown in place of what the cache holds."""

    def __init__(self, images: CachedImages, rows: np.ndarray, pixels: np.ndarray | None = None) -> None:
        self._images = images
        self._rows = rows
        self._pixels = pixels

    def __len__(self) -> int:
        return len(self._rows)

    def fetch(self, positions: np.ndarray) -> np.ndarray:
        """Return the images at these positions: (n, H, W, C) uint8."""
        return self._images.pixels[self._rows[positions]] if self._pixels is None else self._pixels[positions]

    def label(self, position: int) -> str:
        """Return the class of the image at this position; nothing where there are no classes."""
        row, labels = self._rows[position], self._images.labels
        target, classes = int(self._images.targets[row]), self._images.classes
        if labels is not None and labels.shape[1] == len(classes):
            return ", ".join(classes[place] for place in np.flatnonzero(labels[row]))
        return classes[target] if 0 <= target < len(classes) else str(target) if classes else ""

    def tip(self, position: int) -> str:
        """Return name, class and split of the image at this position."""
        titles = {"training": tr("Training"), "validation": tr("Validation"), "test": tr("Test")}
        row = int(self._rows[position])
        lines = (self._images.name(row), self.label(position), titles[SPLITS[int(self._images.splits[row])]])
        return "\n".join(line for line in lines if line)


def decoded(answer: dict[str, Any]) -> np.ndarray:
    """Return the pixels that an answer of the engine carries: uint8 in the shape it names."""
    return np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(answer["shape"])
