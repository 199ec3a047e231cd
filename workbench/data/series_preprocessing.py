"""From a series to what a network takes: the right columns and steps, standardised; kept with the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.data.dataset import Dataset, Split
from workbench.data.series_gaps import filled
from workbench.data.series_reading import Readings, readings

if TYPE_CHECKING:
    from torch import Tensor

_BLOCK = 1 << 16  # sequences or rows looked at at a time
_REST = ("form", "padded", "sees_padding", "missing", "relative")
_LOOKED_AT = 2000  # windows that tell whether a series drifts
_DRIFTS = 0.5  # of the error of the mean, below which the last value is so much nearer that changes are forecast
_HINT = mark("Give a CSV with the columns that the model was trained on.")


@dataclass(frozen=True)
class SeriesPreprocessing:
    """Brings columns to mean 0 and deviation 1 over the training split.

    length: steps that are read. form: "long", where the last steps of a longer series are read, or "labelled", where
    the first ones are. padded: whether shorter sequences are padded at their end. sees_padding: whether padded steps
    stay NaN, for networks that leave them out; for the others they become 0, the mean. missing: what fills gaps.
    relative: whether windows are read as differences from their last row, divided by `spread`, since the series drifts.
    """

    columns: tuple[str, ...]
    length: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    form: str = "long"
    padded: bool = False
    sees_padding: bool = False
    missing: str = "previous"
    relative: bool = False
    spread: tuple[float, ...] = ()

    @property
    def inputs(self) -> Inputs:
        """What comes out, as a network sees it."""
        return Inputs("series", (self.length, len(self.columns)))

    def encode(self, raw: Path | np.ndarray, notes: list[str] | None = None) -> np.ndarray:
        """Return a series, given as a file or as (T, columns), as the cache holds it: (length, columns) float32.

        Raises UserError when columns are missing or it is too short. notes is taken for the sake of likeness.
        """
        name = shown(raw.name) if isinstance(raw, Path) else ""
        values = self.read(raw).values if isinstance(raw, Path) else np.asarray(raw, np.float32)
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[1] != len(self.columns):
            raise UserError(
                "A series for this model has {wanted} columns, but this one has {found}.",
                hint=_HINT,
                wanted=len(self.columns),
                found=values.shape[-1],
            )
        there = np.flatnonzero(~np.isnan(values).all(axis=1))
        if not len(there):
            raise UserError("{name} holds no numbers.", name=name or "…")
        values = values[: there[-1] + 1] if self.form == "labelled" else values
        if len(values) < self.length and not self.padded:
            raise UserError(
                "{name} has {rows} rows, but the model reads {length}.",
                hint="Give a longer series.",
                name=name or "…",
                rows=f"{len(values):,}",
                length=f"{self.length:,}",
            )
        values = filled(values, "previous" if self.missing == "refuse" else self.missing)
        if self.form == "long":
            return values[-self.length :]
        result = np.full((self.length, len(self.columns)), np.nan, np.float32)
        result[: len(values)] = values[: self.length]
        return result

    def read(self, path: Path) -> Readings:
        """Return the model's columns of a file: by their names, or by their places when it has just as many."""
        every = readings(path)
        if set(self.columns) <= set(every.columns):
            places = [every.columns.index(column) for column in self.columns]
        elif len(every.columns) == len(self.columns):
            places = list(range(len(self.columns)))
        else:
            lacking = [shown(column) for column in self.columns if column not in every.columns]
            raise UserError(
                "{name} lacks these columns of numbers: {columns}.",
                hint=_HINT,
                name=shown(path.name),
                columns=", ".join(lacking[:10]),
            )
        return Readings(self.columns, every.values[:, places], every.time, every.times, every.moments)

    def tensor(self, batch: "Tensor") -> "Tensor":
        """Return series as a network takes them: (N, length, columns) float32, standardised, on the same device."""
        if self.relative:
            return (batch - batch[:, -1:]) / _moved(self.spread, str(batch.device))
        mean, std = _moved(self.mean, str(batch.device)), _moved(self.std, str(batch.device))
        values = (batch - mean) / std
        if not self.padded:
            return values.nan_to_num(0.0)
        missing = values.isnan()
        padding = missing.all(dim=2, keepdim=True)
        values = values.masked_fill(missing, 0.0)
        return values.masked_fill(padding, float("nan")) if self.sees_padding else values

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON; `from_plain` is the way back."""
        lists = {
            "columns": list(self.columns),
            "mean": list(self.mean),
            "std": list(self.std),
            "spread": list(self.spread),
        }
        rest = {name: getattr(self, name) for name in ("length", *_REST)}
        return {"kind": "series", **lists, **rest}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "SeriesPreprocessing":
        """Return the preprocessing that `to_plain` described."""
        rest = {name: plain[name] for name in _REST}
        mean, std, spread = (tuple(plain[name]) for name in ("mean", "std", "spread"))
        return cls(tuple(plain["columns"]), plain["length"], mean, std, spread=spread, **rest)

    @classmethod
    def fitted(cls, dataset: Dataset, settings: Any = None) -> "SeriesPreprocessing":
        """Return the preprocessing with the means and deviations of the training split.

        settings: of an architecture, which says by `sees_padding` whether it leaves padded steps out.
        """
        facts = dataset.facts
        mean, std = _moments(dataset.training, int(facts.get("borders", [0])[0]))
        relative, spread = _relative(dataset, mean, std) if dataset.training.window else (False, ())
        return cls(
            tuple(facts["columns"]),
            dataset.inputs.shape[0],
            tuple(mean.tolist()),
            tuple(std.tolist()),
            facts["form"],
            bool(facts.get("padded", False)),
            bool(getattr(settings, "sees_padding", False)),
            facts["missing"],
            relative,
            spread,
        )


def _relative(dataset: Dataset, mean: np.ndarray, std: np.ndarray) -> tuple[bool, tuple[float, ...]]:
    """Return whether windows are read as differences from their last row, and how large these are, by column."""
    split, window = dataset.training, dataset.training.window
    assert window is not None
    some = np.unique(np.linspace(0, len(split) - 1, _LOOKED_AT).astype(np.int64))
    rows, ahead, places = (
        split.rows(some).astype(np.float64),
        split.ahead(some).astype(np.float64),
        list(window.columns),
    )
    change, distance = (np.abs((ahead - near) / std[places]).mean() for near in (rows[:, -1:, places], mean[places]))
    wish = dataset.facts.get("forecast", "auto")
    if wish == "values" or (wish == "auto" and change >= _DRIFTS * distance):
        return False, ()
    spread = np.sqrt(((rows - rows[:, -1:]) ** 2).mean(axis=(0, 1)))
    return True, tuple(np.where(spread > 0, spread, 1.0).tolist())


def _moments(training: Split, until: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of each column, (columns,) float64 each; until: rows of a long series that count."""
    inputs: Any = training.inputs
    count = total = squares = np.zeros(inputs.shape[-1])
    for begin in range(0, until if training.window else len(training), _BLOCK):
        part = (
            inputs[begin : min(begin + _BLOCK, until)]
            if training.window
            else training.rows(slice(begin, begin + _BLOCK))
        )
        flat = np.asarray(part, np.float64).reshape(-1, inputs.shape[-1])
        there = ~np.isnan(flat)
        count = count + there.sum(axis=0)
        total = total + np.where(there, flat, 0).sum(axis=0)
        squares = squares + np.where(there, flat**2, 0).sum(axis=0)
    mean = total / np.maximum(count, 1)
    std = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
    return mean, np.where(std > 1e-9 * np.maximum(np.abs(mean), 1e-30), std, 1.0)


@lru_cache(maxsize=64)
def _moved(values: tuple[float, ...], device: str) -> "Tensor":
    """Return numbers on a device; they are kept, since a GPU's queue would have to be waited for at every batch."""
    import torch  # not needed to open data

    with torch.inference_mode(False):  # also training uses what a prediction made first
        return torch.tensor(values, dtype=torch.float32, device=device)
