"""What is done with each column of a table, fitted on the training split, which is read once and in pieces."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from workbench.data.dataset import Dataset, Split
from workbench.data.table_values import number_of, text_of

_CHUNK = 1 << 19  # numbers looked at at a time
_SAMPLE = 100_000  # rows from which medians and most frequent values are taken
_RARE = 10  # rows of the training split that a category needs, of a split that is large enough


@dataclass(frozen=True)
class NumericColumn:
    """Numbers. offset: what the cache takes from them; fill, mean, std, minimum and maximum are what remains then.

    indicator: whether a column of its own says where a value was missing. whole: whether all were whole numbers.
    """

    name: str
    offset: float
    fill: float
    mean: float
    std: float
    minimum: float
    maximum: float
    whole: bool
    indicator: bool

    def cached(self, value: Any) -> float:
        """Return what the cache holds for a cell; raises ValueError when it is no number."""
        number = number_of(value)
        return float("nan") if number is None else number - self.offset


@dataclass(frozen=True)
class CategoricalColumn:
    """Categories, the most frequent first; their places are the codes in the cache.

    slots: for every code which of the one-hot columns it gets, -1 for none; one more than there are categories, the
    last for those never seen. width: number of one-hot columns. fill: code that stands in for a missing one, -1 for
    none.
    """

    name: str
    categories: tuple[str, ...]
    slots: tuple[int, ...]
    width: int
    fill: int
    indicator: bool

    def cached(self, value: Any) -> float:
        """Return what the cache holds for a cell: its code, NaN for none."""
        text = text_of(value)
        if text is None:
            return float("nan")
        return float(self.categories.index(text) if text in self.categories else len(self.categories))


TableColumn = NumericColumn | CategoricalColumn


def fitted_columns(dataset: Dataset) -> tuple[TableColumn, ...]:
    """Return what is done with each column; reads the training split once.

    The facts of the data set say what its columns are, and what is to stand in for missing values.
    """
    features, filling = dataset.facts["features"], dataset.facts["filling"]
    seen = _Seen(features)
    for rows in _pieces(dataset.training):
        seen.add(rows)
    some = np.unique(np.linspace(0, max(len(dataset.training) - 1, 0), _SAMPLE).astype(np.int64))
    sample = dataset.training.rows(some) if len(dataset.training) else np.empty((0, len(features)), np.float32)
    return tuple(_fitted(seen, place, feature, filling, sample) for place, feature in enumerate(features))


class _Seen:
    """Counts, means and deviations of every column, over rows that come in pieces (Chan et al. 1983)."""

    def __init__(self, features: list[Mapping[str, Any]]) -> None:
        self.rows = 0
        width = len(features)
        self.present = np.zeros(width, np.int64)
        self.mean, self.squares = np.zeros(width), np.zeros(width)
        self.least, self.most = np.full(width, np.inf), np.full(width, -np.inf)
        self._categorical = [n for n, feature in enumerate(features) if feature["kind"] == "categorical"]
        self.counts = {n: np.zeros(len(features[n]["categories"]) + 1, np.int64) for n in self._categorical}

    def add(self, rows: np.ndarray) -> None:
        """Take in rows (n, columns) float32."""
        there = ~np.isnan(rows)
        values = np.where(there, rows, 0).astype(np.float64)
        count = there.sum(0)
        mean = values.sum(0) / np.maximum(count, 1)
        squares = (np.where(there, values - mean, 0) ** 2).sum(0)
        both = np.maximum(self.present + count, 1)
        step = mean - self.mean
        self.squares += squares + step**2 * self.present * count / both
        self.mean += step * count / both
        self.present += count
        self.rows += len(rows)
        self.least = np.minimum(self.least, np.where(there, values, np.inf).min(0, initial=np.inf))
        self.most = np.maximum(self.most, np.where(there, values, -np.inf).max(0, initial=-np.inf))
        for place in self._categorical:
            codes = values[there[:, place], place].astype(np.int64)
            self.counts[place] += np.bincount(codes, minlength=len(self.counts[place]))


def _pieces(split: Split) -> Iterator[np.ndarray]:
    inputs: Any = split.inputs
    step = max(1, _CHUNK // max(1, inputs.shape[1]))
    for begin in range(0, len(split), step):
        yield split.rows(slice(begin, begin + step))


def _fitted(
    seen: _Seen, place: int, feature: Mapping[str, Any], filling: Mapping[str, Any], sample: np.ndarray
) -> TableColumn:
    indicator = bool(filling["indicator"] and seen.present[place] < seen.rows)
    if feature["kind"] == "categorical":
        return _fitted_categories(seen, place, feature, filling, indicator)
    count = max(int(seen.present[place]), 1)
    std = float(np.sqrt(seen.squares[place] / count))
    mean = float(seen.mean[place])
    some = sample[:, place][~np.isnan(sample[:, place])]
    fill = mean
    if filling["missing"] == "median" and len(some):
        fill = float(np.median(some))
    elif filling["missing"] == "most_frequent" and len(some):
        values, counts = np.unique(some, return_counts=True)
        fill = float(values[counts.argmax()])
    there = seen.present[place] > 0
    return NumericColumn(
        name=feature["name"],
        offset=feature["offset"],
        fill=fill,
        mean=mean,
        std=std if std > 1e-12 * max(abs(mean), 1e-30) else 1.0,
        minimum=float(seen.least[place]) if there else 0.0,
        maximum=float(seen.most[place]) if there else 0.0,
        whole=feature["whole"],
        indicator=indicator,
    )


def _fitted_categories(
    seen: _Seen, place: int, feature: Mapping[str, Any], filling: Mapping[str, Any], indicator: bool
) -> CategoricalColumn:
    counts = seen.counts[place]
    least = max(1, min(_RARE, seen.rows // 500))
    ranked = np.argsort(-counts[:-1], kind="stable")[: filling["most_categories"]]
    told_apart = [int(code) for code in ranked if counts[code] >= least]
    slots = np.full(len(counts), -1, np.int64)
    slots[told_apart] = np.arange(len(told_apart))
    others = bool(counts[slots < 0].sum())  # something in training teaches what "another" means
    if others:
        slots[slots < 0] = len(told_apart)
    return CategoricalColumn(
        name=feature["name"],
        categories=tuple(feature["categories"]),
        slots=tuple(slots.tolist()),
        width=len(told_apart) + others,
        fill=-1 if indicator or not len(told_apart) else told_apart[0],
        indicator=indicator,
    )


def column_to_plain(column: TableColumn) -> dict[str, Any]:
    """Return plain values that travel through JSON; `column_from_plain` is the way back."""
    kind = "numeric" if isinstance(column, NumericColumn) else "categorical"
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(column).items()}
    return {"kind": kind, **plain}


def column_from_plain(plain: Mapping[str, Any]) -> TableColumn:
    """Return the column that `column_to_plain` described."""
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
    kind = values.pop("kind")
    return NumericColumn(**values) if kind == "numeric" else CategoricalColumn(**values)
