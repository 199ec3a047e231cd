"""From rows of a table to what a network takes: filled in, standardised, categories one-hot; kept with the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.data.dataset import Dataset
from workbench.data.table_fitting import (
    CategoricalColumn,
    NumericColumn,
    TableColumn,
    column_from_plain,
    column_to_plain,
    fitted_columns,
)

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TablePreprocessing:
    """Brings every column to numbers of about the same size; fitted on the training split."""

    columns: tuple[TableColumn, ...]

    @property
    def inputs(self) -> Inputs:
        """What comes out, as a network sees it."""
        return Inputs("table", (len(self.features()),))

    def features(self) -> tuple[str, ...]:
        """Return what each number that the network takes is called: first the numbers, then marks, then categories."""
        numbers = [column.name for column in self.columns if isinstance(column, NumericColumn)]
        marks = [f"{column.name}: ?" for column in self.columns if column.indicator]
        hot = []
        for column in self.columns:
            if isinstance(column, CategoricalColumn):
                names = ["…"] * column.width
                for code, slot in enumerate(column.slots[:-1]):
                    if slot >= 0 and column.slots.count(slot) == 1:
                        names[slot] = column.categories[code]
                hot += [f"{column.name}: {name}" for name in names]
        return (*numbers, *marks, *hot)

    def encode(self, raw: Mapping[str, Any] | np.ndarray, notes: list[str] | None = None) -> np.ndarray:
        """Return a row, given as text or number by column, as the cache holds it: (columns,) float32.

        A column that is not given is missing. Raises UserError when a number is none. notes is taken for the sake of
        likeness with images.
        """
        if isinstance(raw, np.ndarray):
            return raw.astype(np.float32, copy=False)
        row = np.empty(len(self.columns), np.float32)
        for place, column in enumerate(self.columns):
            value = raw.get(column.name)
            try:
                row[place] = column.cached(value)
            except (ValueError, TypeError):
                raise UserError(
                    "{column} must be a number, but is {value}.",
                    hint="Leave it empty when it is not known.",
                    column=column.name,
                    value=str(value)[:60],
                ) from None
        return row

    def raw(self, row: np.ndarray) -> dict[str, Any]:
        """Return a row of the cache as a person would write it: (columns,) float32 -> text, number or None."""
        found: dict[str, Any] = {}
        for column, value in zip(self.columns, row.tolist(), strict=True):
            if np.isnan(value):
                found[column.name] = None
            elif isinstance(column, NumericColumn):
                number = float(f"{value + column.offset:.7g}") if not column.offset else value + column.offset
                found[column.name] = int(number) if column.whole else number
            else:
                found[column.name] = (*column.categories, "…")[int(value)]
        return found

    def tensor(self, batch: "Tensor") -> "Tensor":
        """Return rows as a network takes them: (N, columns) float32 -> (N, features), on the device they are on."""
        import torch  # not needed to open data

        plan = _plan(self, str(batch.device))
        missing = batch.isnan()
        numbers = torch.where(missing[:, plan.numeric], plan.fill, batch[:, plan.numeric])
        parts = [(numbers - plan.mean) / plan.std, missing[:, plan.marked].to(batch.dtype)]
        if plan.width:
            codes = torch.where(missing[:, plan.categorical], plan.hot_fill, batch[:, plan.categorical]).long()
            places = plan.slots[codes.clamp(min=0) + plan.starts]
            places = torch.where(codes < 0, plan.width, places)  # one column too many, for what has no place
            hot = batch.new_zeros((batch.shape[0], plan.width + 1)).scatter_(1, places, 1.0)
            parts.append(hot[:, :-1])
        return torch.cat(parts, dim=1)

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON; `from_plain` is the way back."""
        return {"kind": "table", "columns": [column_to_plain(column) for column in self.columns]}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "TablePreprocessing":
        """Return the preprocessing that `to_plain` described."""
        return cls(tuple(column_from_plain(column) for column in plain["columns"]))

    @classmethod
    def fitted(cls, dataset: Dataset, settings: Any = None) -> "TablePreprocessing":
        """Return the preprocessing for a table; reads its training split once."""
        return cls(fitted_columns(dataset))


@dataclass(frozen=True)
class _Plan:
    """Where each column stands and what happens to it, on one device."""

    numeric: "Tensor"
    marked: "Tensor"
    categorical: "Tensor"
    fill: "Tensor"
    mean: "Tensor"
    std: "Tensor"
    hot_fill: "Tensor"
    slots: "Tensor"  # of all categorical columns, one after the other
    starts: "Tensor"  # where in `slots` each column begins
    width: int


@lru_cache(maxsize=16)
def _plan(preprocessing: TablePreprocessing, device: str) -> _Plan:
    import torch  # not needed to open data

    columns = preprocessing.columns
    numbers = [(place, column) for place, column in enumerate(columns) if isinstance(column, NumericColumn)]
    hot = [(place, column) for place, column in enumerate(columns) if isinstance(column, CategoricalColumn)]
    width = sum(column.width for _, column in hot)
    slots, starts, begin = [], [], 0
    for _, column in hot:
        starts.append(len(slots))
        slots += [width if slot < 0 else begin + slot for slot in column.slots]
        begin += column.width

    def whole(values: list[int]) -> "Tensor":
        return torch.tensor(values, dtype=torch.int64, device=device)

    def real(values: list[float]) -> "Tensor":
        return torch.tensor(values, dtype=torch.float32, device=device)

    with torch.inference_mode(False):  # also training uses what a prediction made first
        return _Plan(
            numeric=whole([place for place, _ in numbers]),
            marked=whole([place for place, column in enumerate(columns) if column.indicator]),
            categorical=whole([place for place, _ in hot]),
            fill=real([column.fill for _, column in numbers]),
            mean=real([column.mean for _, column in numbers]),
            std=real([column.std for _, column in numbers]),
            hot_fill=real([column.fill for _, column in hot]),
            slots=whole(slots),
            starts=whole(starts),
            width=width,
        )
