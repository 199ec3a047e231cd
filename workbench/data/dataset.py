"""An opened data set: what the training loop, the checks and the window read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.core.signature import SPLITS, Inputs
from workbench.core.words import Words

Level = Literal["good", "warning", "error"]


@dataclass(frozen=True)
class Progress:
    """How far a stage of opening has come."""

    stage: Words
    done: int
    total: int


ProgressCallback = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Do nothing with a report of progress."""


@dataclass(frozen=True)
class Skipped:
    """A file or row that was left out, and why."""

    name: str
    reason: Words


@dataclass(frozen=True)
class Problem:
    """One finding of the checks; `items` names what it is about."""

    level: Level
    words: Words
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """The samples of one split.

    inputs: all samples of the data set, images as (N, H, W, C) uint8, possibly a read-only memory map, or texts.
    index: (n,) int64, the rows of `inputs` that belong to this split, rising. targets: (n,) int64. names: n names.
    """

    inputs: np.ndarray | Sequence[str]
    index: np.ndarray
    targets: np.ndarray
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.index)

    def images(self, positions: np.ndarray | slice | None = None) -> np.ndarray:
        """Return a copy of the images at `positions` of this split, or of all: (n, H, W, C) uint8."""
        if not isinstance(self.inputs, np.ndarray):
            raise TypeError("this split holds texts")
        rows = self.index if positions is None else self.index[positions]
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
            return np.array(self.inputs[rows[0] : rows[-1] + 1])  # one block: several times faster than row by row
        return np.asarray(self.inputs)[rows]

    def texts(self, positions: np.ndarray | slice | None = None) -> list[str]:
        """Return the texts at `positions` of this split, or all of them."""
        if isinstance(self.inputs, np.ndarray):
            raise TypeError("this split holds images")
        rows = self.index if positions is None else self.index[positions]
        return [self.inputs[int(row)] for row in rows]


class Picked(Sequence[str]):
    """Some entries of a list of names, looked up when asked for."""

    def __init__(self, names: Sequence[str], index: np.ndarray) -> None:
        self._names = names
        self._index = index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self._names[row] for row in self._index[place].tolist()]
        return self._names[int(self._index[place])]


@dataclass(frozen=True)
class Dataset:
    """Samples with their targets, dealt out into splits.

    inputs: what one sample is; a text's shape is () until an architecture says how it is tokenised.
    cache: a folder with images.npy (of images), targets.npy, splits.npy (uint8 per row: 0 training, 1 validation,
    2 test; of the latest opening) and names.json. facts: what was found, by name, as Words or plain values.
    """

    name: str
    task: str
    inputs: Inputs
    classes: tuple[str, ...]
    splits: Mapping[str, Split]
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()
    cache: Path = Path()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def training(self) -> Split:
        """The samples to learn from."""
        return self.splits["training"]

    @property
    def validation(self) -> Split:
        """The samples to judge by during training."""
        return self.splits["validation"]

    @property
    def test(self) -> Split:
        """The samples to judge the finished model by."""
        return self.splits["test"]

    def counts(self, split: str) -> np.ndarray:
        """Return how many samples each class has in `split`: (classes,) int64."""
        return np.bincount(self.splits[split].targets, minlength=len(self.classes))

    def __len__(self) -> int:
        return sum(len(self.splits[split]) for split in SPLITS)
