"""Forecasting: the next values of a series, told from those before them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn.functional import huber_loss, l1_loss, mse_loss

from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.tasks import Reduction, Task, Total, register

_LOSSES = {"auto": mse_loss, "mse": mse_loss, "mae": l1_loss, "huber": huber_loss}
_LOOKED_AT = 2000  # windows that tell whether a series drifts
_KEPT = 2000  # windows whose values are kept for the plot
_WORST = 50


@register
class Forecasting(Task):
    """The values of some columns over a horizon; their error is held against that of the last known value.

    goal: names, mean and std of the columns that are told; places, which of the inputs they are; horizon; changes,
    whether the network says how much they change from the last known value; spread, by which its outputs are
    multiplied; loss. Outputs are (n, horizon × columns); targets (n, (horizon + 1) × columns), in units of std, with
    the last known values first.
    """

    name = "forecasting"
    title = mark("Forecasting")
    metrics = ("relative_mae", "mae", "rmse")
    headline = "relative_mae"
    answers_from_raw = True
    tells = "values"

    def goal_for(self, dataset: Any, preprocessing: Any, settings: Any) -> dict[str, Any]:
        """Return names, means and deviations of the columns, and whether values or changes are forecast."""
        split, window = dataset.training, dataset.training.window
        places = list(window.columns)
        mean, std = (
            np.array([values[place] for place in places]) for values in (preprocessing.mean, preprocessing.std)
        )
        some = np.unique(np.linspace(0, len(split) - 1, _LOOKED_AT).astype(np.int64))
        ahead = split.ahead(some).astype(np.float64)
        change = (ahead - split.rows(some)[:, -1:, places]) / std
        changes = bool(getattr(preprocessing, "relative", False))
        spread = np.sqrt((change**2).mean((0, 1))) if changes else np.ones(len(places))
        return {
            "names": list(dataset.target.names),
            "mean": mean.tolist(),
            "std": std.tolist(),
            "places": places,
            "horizon": window.horizon,
            "changes": changes,
            "spread": np.where(spread > 0, spread, 1.0).tolist(),
        }

    def outputs(self, count: int, inputs: Inputs) -> int:
        """Return how many numbers a forecast has."""
        return count

    def prepare(
        self, inputs: Tensor, targets: Tensor, generator: Generator, *, training: bool
    ) -> tuple[Tensor, Tensor]:
        """Return windows as they are, and the last known and the coming values with mean 0 and deviation 1."""
        mean, std = (_moved(tuple(self.goal[name]), targets) for name in ("mean", "std"))
        return inputs, ((targets.unflatten(1, (-1, len(mean))) - mean) / std).flatten(1)

    def loss(
        self,
        outputs: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return squared, absolute or Huber's error of what the network says, per value, as mean or sum over windows.

        weights and label_smoothing are for classes and have no meaning here.
        """
        steps = self._steps(targets)
        wanted = (steps[:, 1:] - steps[:, :1] if self.goal["changes"] else steps[:, 1:]) / self._spread(targets)
        loss = _LOSSES[self.goal.get("loss", "auto")]
        total = loss(outputs.float(), wanted.flatten(1).float(), reduction="sum") / max(outputs.shape[1], 1)
        return total / len(targets) if reduction == "mean" else total

    def totals(
        self, chosen: Mapping[str, Total], outputs: Tensor, targets: Tensor, loss: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return what the batch adds to each metric: the relative one is told the last known values too."""
        predicted, steps = self._both(outputs, targets)
        told = (predicted.flatten(1), steps[:, 1:].flatten(1))
        own = {"relative_mae": (predicted, steps)}
        return {name: total(*own.get(name, told)) for name, total in chosen.items()}

    def kept(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return forecasts (n, horizon × columns), and last known and true values, in the units of the data."""
        predicted, steps = self._both(outputs, targets)
        return predicted.flatten(1).float(), steps.flatten(1).float()

    def details(self, outputs: Tensor, targets: Tensor, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """Return the errors by step of the horizon, some forecasts beside the truth, and the windows forecast worst.

        horizon: for each column {name, steps: [{step, mae, rmse, naive}]}, naive: the mean absolute error of the last
        known value. forecasts: for each column and for the first and the last step {name, step, windows, truth,
        predicted, last}, in the order of time.
        """
        predicted, steps = self._steps(outputs).double().numpy(), self._steps(targets).double().numpy()
        last, truth = steps[:, :1], steps[:, 1:]
        return {
            "horizon": [
                {"name": name, "steps": _by_step(predicted[..., place], truth[..., place], last[..., place])}
                for place, name in enumerate(self.goal["names"])
            ],
            "forecasts": self._forecasts(predicted, truth, last, names),
            "worst": self._worst(predicted, truth, names),
        }

    def predictions(self, outputs: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return for each forecast (horizon × columns), in the units of the data, its values in the order of time.

        values: a list, or with several columns a list for each by its name.
        """
        rows = self._steps(outputs).transpose(1, 2).tolist()
        names = self.goal["names"]
        return [{"values": row[0] if len(names) == 1 else dict(zip(names, row, strict=True))} for row in rows]

    def answers(
        self, outputs: Tensor, inputs: Tensor, labels: Sequence[str], top: int, preprocessing: Any
    ) -> list[dict[str, Any]]:
        """Return the forecasts that follow the windows `inputs`; all in the units of the data."""
        return self.predictions(self.told(outputs, inputs).flatten(1), labels, top)

    def told(self, outputs: Tensor, encoded: Tensor) -> Tensor:
        """Return the forecasts that follow the windows `encoded`, in the units of the data: (n, horizon, columns)."""
        mean, std = (_moved(tuple(self.goal[name]), outputs) for name in ("mean", "std"))
        last = (encoded[:, -1:, self.goal["places"]] - mean) / std
        return self._natural(self._told(outputs, last))

    def _steps(self, flat: Tensor) -> Tensor:
        """Return (n, steps × columns) as (n, steps, columns)."""
        return flat.unflatten(1, (-1, len(self.goal["names"])))

    def _told(self, outputs: Tensor, last: Tensor) -> Tensor:
        """Return standardised forecasts (n, horizon, columns) from what the network said; last (n, 1, columns)."""
        told = self._steps(outputs) * self._spread(outputs)
        return told + last.to(told.dtype) if self.goal["changes"] else told

    def _both(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        steps = self._steps(targets)
        return self._natural(self._told(outputs, steps[:, :1])), self._natural(steps)

    def _natural(self, steps: Tensor) -> Tensor:
        wide = steps if steps.device.type == "mps" else steps.double()
        mean, std = (_moved(tuple(self.goal[name]), wide) for name in ("mean", "std"))
        return wide * std + mean

    def _spread(self, like: Tensor) -> Tensor:
        return _moved(tuple(self.goal["spread"]), like)

    def _forecasts(
        self, predicted: np.ndarray, truth: np.ndarray, last: np.ndarray, names: Sequence[str]
    ) -> list[dict[str, Any]]:
        some = np.unique(np.linspace(0, max(len(truth) - 1, 0), _KEPT).astype(np.int64)) if len(truth) else []
        found = []
        for place, name in enumerate(self.goal["names"]):
            for step in sorted({0, self.goal["horizon"] - 1}):
                found.append(
                    {
                        "name": name,
                        "step": step + 1,
                        "windows": [names[row] if names else str(row + 1) for row in map(int, some)],
                        "truth": truth[some, step, place].tolist(),
                        "predicted": predicted[some, step, place].tolist(),
                        "last": last[some, 0, place].tolist(),
                    }
                )
        return found

    def _worst(self, predicted: np.ndarray, truth: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
        errors = np.abs((predicted - truth) / np.array(self.goal["std"])).mean(axis=(1, 2))
        rows = map(int, np.argsort(-errors, kind="stable")[:_WORST])
        return [{"row": row, "name": names[row] if names else "", "error": float(errors[row])} for row in rows]


def _by_step(predicted: np.ndarray, truth: np.ndarray, last: np.ndarray) -> list[dict[str, float]]:
    """Return the errors at each step of the horizon: (n, horizon) twice, and (n, 1)."""
    if not len(truth):
        return []
    absolute, naive = np.abs(predicted - truth).mean(axis=0), np.abs(last - truth).mean(axis=0)
    root = np.sqrt(((predicted - truth) ** 2).mean(axis=0))
    return [
        {"step": step + 1, "mae": float(absolute[step]), "rmse": float(root[step]), "naive": float(naive[step])}
        for step in range(truth.shape[1])
    ]


_made: dict[tuple[tuple[float, ...], torch.device, torch.dtype], Tensor] = {}


def _moved(values: tuple[float, ...], like: Tensor) -> Tensor:
    """Return numbers in the type and on the device of `like`; they are kept, since a GPU would have to wait."""
    key = (values, like.device, like.dtype)
    if key not in _made:
        if len(_made) > 64:
            _made.clear()
        with torch.inference_mode(False):  # also training uses what a prediction made first
            _made[key] = torch.tensor(values, dtype=like.dtype, device=like.device)
    return _made[key]
