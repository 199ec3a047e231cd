"""An opened data set: what the training loop, the checks and the window read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from workbench.core.signature import SPLITS, Inputs
from workbench.core.words import Words

Level = Literal["good", "warning", "error"]
_BLOCK = 1 << 20  # targets counted at a time


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


class Rows(Protocol):
    """Samples that lie in a file: they have a shape and a type, and some of them are read at a time."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype: ...
    def __getitem__(self, rows: Any, /) -> np.ndarray: ...


@dataclass(frozen=True)
class Window:
    """Samples are stretches of one long series: `length` rows are read, and `columns` of the next `horizon` told."""

    length: int
    horizon: int
    columns: tuple[int, ...]


@dataclass(frozen=True)
class TargetScale:
    """What numbers are to be predicted: their names, and their mean and deviation over the training split."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Split:
    """The samples of one split.

    inputs: all samples of the data set: images (N, H, W, C) uint8, tables (N, columns) float32, labelled series
    (N, T, channels) float32 where NaN is no value, possibly a read-only memory map or Rows; or N texts; or, with a
    window, one long series (L, channels) float32. index: (n,) integers, the rows of `inputs` that belong to this split,
    rising; with a window the row in which each begins. targets: (n,) int64 classes, (n, classes) uint8 labels or
    (n, targets) float32 numbers; with a window they are read from the series. names: n names.
    """

    inputs: np.ndarray | Rows | Sequence[str]
    index: np.ndarray
    targets: np.ndarray
    names: Sequence[str]
    window: Window | None = None

    def __len__(self) -> int:
        return len(self.index)

    @property
    def holds_texts(self) -> bool:
        """Whether the samples are texts, and not rows of numbers."""
        return not hasattr(self.inputs, "dtype")

    def rows(self, positions: np.ndarray | slice | None = None) -> np.ndarray:
        """Return a copy of the samples at `positions` of this split, or of all: (n, …), images as (n, H, W, C).

        With a window these are the stretches to be read, (n, length, channels).
        """
        if self.holds_texts:
            raise TypeError("this split holds texts")
        inputs: Any = self.inputs
        rows = self.index if positions is None else self.index[positions]
        if self.window is not None:
            return inputs[rows[:, None] + np.arange(self.window.length)]
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
            return np.array(inputs[rows[0] : rows[-1] + 1])  # one block: several times faster than row by row
        return np.asarray(inputs[rows])

    def ahead(self, positions: np.ndarray | slice | None = None) -> np.ndarray:
        """Return what follows the windows at `positions`: (n, horizon, columns) float32."""
        if self.window is None:
            raise TypeError("this split has no windows")
        inputs: Any = self.inputs
        rows = self.index if positions is None else self.index[positions]
        places = rows[:, None] + self.window.length + np.arange(self.window.horizon)
        return inputs[places][:, :, list(self.window.columns)]

    def texts(self, positions: np.ndarray | slice | None = None) -> list[str]:
        """Return the texts at `positions` of this split, or all of them."""
        if not self.holds_texts:
            raise TypeError("this split holds numbers")
        rows = self.index if positions is None else self.index[positions]
        texts: Any = self.inputs
        return [texts[int(row)] for row in rows]


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

    task: what these data pose by nature; tasks: all that they can pose. inputs: what one sample is; its shape is ()
    until preprocessing decides it. classes: names of what is told apart, () where nothing is. target: what numbers are
    to be predicted, where some are.
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
    tasks: tuple[str, ...] = ()
    target: TargetScale | None = None

    @property
    def outputs(self) -> int:
        """How many numbers tell the answer: one for each class, or for each target and step of the horizon."""
        window = self.training.window
        targets = len(self.target.names) if self.target else 0
        return len(self.classes) or targets * (window.horizon if window else 1)

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
        """Return how many samples each class has in `split`: (classes,) int64; one of several labels counts fully."""
        targets = self.splits[split].targets
        if not self.classes or targets.ndim > 1:
            return targets.sum(0).astype(np.int64) if self.classes else np.zeros(0, np.int64)
        counts = np.zeros(len(self.classes), np.int64)
        for begin in range(0, len(targets), _BLOCK):  # those of large data lie in a file
            counts += np.bincount(targets[begin : begin + _BLOCK], minlength=len(counts))
        return counts

    def __len__(self) -> int:
        return sum(len(self.splits[split]) for split in SPLITS)
