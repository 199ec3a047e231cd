"""The images of an opened data set, read from its cache where they lie, and what augmentation makes of them."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.signature import SPLITS

_AUGMENTED_VALUES = 3_000_000  # pixel values of one preview, so that it comes back in a blink
_AUGMENTED_MOST = 120


class CachedImages:
    """Images (N, H, W, C) uint8 in a memory map, with their targets, splits and names; rows are chosen by filters."""

    def __init__(self, cache: Path, classes: Sequence[str]) -> None:
        """Raises UserError when the cache cannot be read."""
        try:
            self.pixels = np.load(cache / "images.npy", mmap_mode="r")
            self.targets = np.load(cache / "targets.npy", mmap_mode="r")
            self.splits = np.load(cache / "splits.npy", mmap_mode="r")
        except (OSError, ValueError) as error:
            raise UserError(
                "The decoded images in {cache} cannot be read.",
                hint="Open the data again.",
                details=str(error),
                cache=str(cache),
            ) from error
        self.cache = cache
        self.classes = list(classes)
        self.rows = np.arange(len(self.pixels))
        self._names: list[str] | None = None

    def choose(self, split: str, target: int) -> None:
        """Keep the rows of one split ("" for all) and one class (below 0 for all)."""
        kept = np.ones(len(self.pixels), bool)
        if split:
            kept &= np.asarray(self.splits) == SPLITS.index(split)
        if target >= 0:
            kept &= np.asarray(self.targets) == target
        self.rows = np.flatnonzero(kept)

    def fetch(self, positions: np.ndarray) -> np.ndarray:
        """Return the images at these positions of the chosen rows: (n, H, W, C) uint8."""
        return np.asarray(self.pixels[self.rows[positions]])

    def label(self, position: int) -> str:
        """Return the class of the image at this position."""
        target = int(self.targets[self.rows[position]])
        return self.classes[target] if 0 <= target < len(self.classes) else str(target)

    def name(self, position: int) -> str:
        """Return the file name of the image at this position, or its number."""
        if self._names is None:
            try:
                self._names = list(json.loads((self.cache / "names.json").read_text(encoding="utf-8")))
            except (OSError, ValueError):
                self._names = []
        row = int(self.rows[position])
        return str(self._names[row]) if row < len(self._names) else str(row)

    def split(self, position: int) -> str:
        """Return the split that the image at this position belongs to."""
        return SPLITS[int(self.splits[self.rows[position]])]

    def rows_to_augment(self) -> list[int]:
        """Return the first rows of the training split among the chosen ones, as many as a preview takes."""
        training = self.rows[np.asarray(self.splits)[self.rows] == 0]
        values = int(np.prod(self.pixels.shape[1:]))
        return [int(row) for row in training[: max(6, min(_AUGMENTED_MOST, _AUGMENTED_VALUES // values))]]


def decoded(answer: dict[str, Any]) -> np.ndarray:
    """Return the pixels that an answer of the engine carries: uint8 in the shape it names."""
    return np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(answer["shape"])
