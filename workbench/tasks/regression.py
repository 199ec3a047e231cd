"""Regression: one number or several for each sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn.functional import huber_loss, l1_loss, mse_loss

from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.tasks import Reduction, Task, register

_LOSSES = {"auto": mse_loss, "mse": mse_loss, "mae": l1_loss, "huber": huber_loss}
_PAIRS = 2000  # of truth and prediction that are kept for the plot, for each target
_WORST = 50


@register
class Regression(Task):
    """Numbers; the network learns them with mean 0 and deviation 1 over the training split.

    goal: names, mean and std of the targets, and loss, one of "auto", "mse", "mae" and "huber".
    """

    name = "regression"
    title = mark("Regression")
    metrics = ("r2", "mae", "rmse")
    headline = "r2"
    tells = "values"

    def goal_for(self, dataset: Any, preprocessing: Any, settings: Any) -> dict[str, Any]:
        """Return the names of the targets, and their means and deviations."""
        scale = dataset.target
        return {"names": list(scale.names), "mean": list(scale.mean), "std": list(scale.std)}

    def outputs(self, count: int, inputs: Inputs) -> int:
        """Return the number of targets."""
        return count

    def prepare(
        self, inputs: Tensor, targets: Tensor, generator: Generator, *, training: bool
    ) -> tuple[Tensor, Tensor]:
        """Return the inputs as they are, and the targets (batch, targets) with mean 0 and deviation 1."""
        mean, std = self._scale(targets)
        return inputs, ((targets.to(mean.dtype) - mean) / std).float()

    def loss(
        self,
        outputs: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return squared, absolute or Huber's error (Huber 1964, with delta 1), of standardised numbers, in float32.

        outputs, targets (batch, targets); the mean over the targets of a sample counts. weights and label_smoothing
        are for classes and have no meaning here.
        """
        total = _LOSSES[self.goal.get("loss", "auto")](outputs.float(), targets.float(), reduction="sum")
        total = total / max(targets.shape[1], 1)
        return total / len(targets) if reduction == "mean" else total

    def natural(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs and targets in the units of the data."""
        mean, std = self._scale(outputs)
        return outputs.to(mean.dtype) * std + mean, targets.to(mean.dtype) * std + mean

    def told(self, outputs: Tensor, encoded: Tensor) -> Tensor:
        """Return the numbers in the units of the data: (batch, targets)."""
        return self.natural(outputs, outputs)[0]

    def kept(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return predictions and truth in the units of the data."""
        predicted, truth = self.natural(outputs, targets)
        return predicted.float(), truth.float()

    def details(self, outputs: Tensor, targets: Tensor, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """Return residuals, pairs of truth and prediction for each target, and the rows predicted worst."""
        predicted, truth = outputs.double().numpy(), targets.double().numpy()
        some = np.unique(np.linspace(0, max(len(truth) - 1, 0), _PAIRS).astype(np.int64)) if len(truth) else []
        pairs = [
            {"name": name, "pairs": np.stack([truth[some, place], predicted[some, place]], axis=1).tolist()}
            for place, name in enumerate(self.goal["names"])
        ]
        return {"residuals": pairs, "worst": self._worst(predicted, truth, names)}

    def predictions(self, outputs: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return for each sample the value of the first target, and the values of all by name."""
        mean, std = self._scale(outputs)
        rows = (outputs.to(mean.dtype) * std + mean).tolist()
        return [{"value": row[0], "values": dict(zip(self.goal["names"], row, strict=True))} for row in rows]

    def _scale(self, like: Tensor) -> tuple[Tensor, Tensor]:
        kind = torch.float32 if like.device.type == "mps" else torch.float64  # large numbers keep their last digits
        return _moved(tuple(self.goal["mean"]), like.device, kind), _moved(tuple(self.goal["std"]), like.device, kind)

    def _worst(self, predicted: np.ndarray, truth: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
        errors = (predicted - truth) / np.array(self.goal["std"])
        worst = np.argsort(-np.abs(errors).max(axis=1), kind="stable")[:_WORST] if len(errors) else []
        found = []
        for row in map(int, worst):
            place = int(np.abs(errors[row]).argmax())
            found.append(
                {
                    "row": row,
                    "name": names[row] if names else "",
                    "target": self.goal["names"][place],
                    "truth": float(truth[row, place]),
                    "prediction": float(predicted[row, place]),
                }
            )
        return found


_kept: dict[tuple[tuple[float, ...], torch.device, torch.dtype], Tensor] = {}


def _moved(values: tuple[float, ...], device: torch.device, kind: torch.dtype) -> Tensor:
    """Return numbers on a device; they are kept, since a GPU's queue would have to be waited for at every batch."""
    key = (values, device, kind)
    if key not in _kept:
        if len(_kept) > 32:
            _kept.clear()
        with torch.inference_mode(False):  # also training uses what a prediction made first
            _kept[key] = torch.tensor(values, dtype=kind, device=device)
    return _kept[key]
