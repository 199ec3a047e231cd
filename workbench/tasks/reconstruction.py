"""Reconstruction: to give back what went in, through something too narrow to copy it."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn.functional import huber_loss, l1_loss, mse_loss

from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.tasks import Reduction, Task, Total, register

_NAMED = 50  # samples that are named, the best and the worst ones
_BINS = 40
_LOSSES: dict[str, Callable[..., Tensor]] = {"mae": l1_loss, "huber": huber_loss}


@register
class Reconstruction(Task):
    """The inputs are their own targets; in training they may be disturbed first (Vincent et al. 2008).

    goal: shape, of an input as the network takes it; latent, size of the middle of a variational network, else 0;
    divergence_weight; noise and noise_form, see the settings of the autoencoder; loss, of a value. The outputs have the
    shape of the inputs, or, variational, lie flat: (n, inputs + 2 · latent), with means and logarithms of variances.
    """

    name = "reconstruction"
    title = mark("Reconstruction")
    metrics: ClassVar[tuple[str, ...]] = ("reconstruction_error", "divergence")
    headline: ClassVar[str] = "reconstruction_error"
    tells: ClassVar[str] = "restored"

    def bound(self, goal: Mapping[str, Any]) -> Self:
        """Return this task for a run; without a distribution in the middle there is no divergence to be measured."""
        bound = super().bound(goal)
        vars(bound)["draws"] = bool(goal.get("noise"))
        if not goal.get("latent"):
            vars(bound)["metrics"] = (self.headline,)  # of this run alone
        return bound

    def goal_for(self, dataset: Any, preprocessing: Any, settings: Any) -> dict[str, Any]:
        """Return the shape of an input and what the architecture's settings say of middle and noise."""
        return {
            "shape": list(preprocessing.inputs.shape),
            "latent": int(getattr(settings, "latent", 0)) if getattr(settings, "variational", False) else 0,
            "divergence_weight": float(getattr(settings, "divergence_weight", 1.0)),
            "noise": float(getattr(settings, "noise", 0.0)),
            "noise_form": str(getattr(settings, "noise_form", "gaussian")),
        }

    def outputs(self, count: int, inputs: Inputs) -> int:
        """Return how many numbers an input has."""
        return prod(inputs.shape)

    def prepare(
        self, inputs: Tensor, targets: Tensor, generator: Generator, *, training: bool
    ) -> tuple[Tensor, Tensor]:
        """Return the inputs, disturbed in training if that is wished, and as targets the inputs as they were."""
        noise = self.goal.get("noise", 0.0)
        if not training or not noise:
            return inputs, inputs
        draw = torch.randn if self.goal["noise_form"] == "gaussian" else torch.rand
        drawn = draw(inputs.shape, generator=generator, device=generator.device).to(inputs.device)
        if self.goal["noise_form"] == "gaussian":
            return inputs + noise * drawn, inputs
        return inputs * (drawn >= noise), inputs  # 0 is the mean: an erased value says nothing

    def loss(
        self,
        outputs: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return the squared error (or what `goal` names) per value of an input, as a mean or sum over samples.

        Variational: with the divergence of the middle from the normal distribution, so that the whole is the negative
        evidence lower bound (Kingma and Welling 2014, eq. 10) for values of unit variance, up to a factor and a
        constant: 2 / values.
        """
        restored, mean, log_variance = self.parts(outputs)
        values = targets[0].numel()
        error = _LOSSES.get(self.goal.get("loss", "auto"), mse_loss)
        total = error(restored.float(), targets.flatten(1).float(), reduction="sum") / values
        if mean.shape[1]:
            total = total + self.goal["divergence_weight"] * 2 / values * divergence(mean, log_variance).sum()
        return total / len(targets) if reduction == "mean" else total

    def parts(self, outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return restored inputs, flat, and means and logarithms of variances of the middle, (n, latent) or (n, 0)."""
        flat, latent = outputs.flatten(1), self.goal.get("latent", 0)
        values = flat.shape[1] - 2 * latent
        return flat[:, :values], flat[:, values : values + latent], flat[:, values + latent :]

    def totals(
        self, chosen: Mapping[str, Total], outputs: Tensor, targets: Tensor, loss: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return what the batch adds to each metric: that of the divergence is told the middle, the others the rest."""
        restored, mean, log_variance = self.parts(outputs)
        of_middle = {"divergence": (mean, log_variance)}
        return {name: total(*of_middle.get(name, (restored, targets.flatten(1)))) for name, total in chosen.items()}

    def told(self, outputs: Tensor, encoded: Tensor) -> Tensor:
        """Return the restored inputs, as the network takes them: (n, …)."""
        return self.parts(outputs)[0].unflatten(1, tuple(self.goal["shape"]))

    def kept(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the error of each sample (n,), and nothing of its target."""
        return self.errors(outputs, targets), targets.new_zeros((len(targets), 0))

    def errors(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean squared error of each sample: (n,) float32."""
        return (self.parts(outputs)[0].float() - targets.flatten(1).float()).square().mean(1)

    def details(self, outputs: Tensor, targets: Tensor, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """Return worst and best, [{row, name, error}], the outermost first, and a histogram {edges, counts}."""
        errors = outputs.float().numpy()
        order = np.argsort(-errors, kind="stable").tolist()
        counts, edges = np.histogram(errors, bins=_BINS) if np.isfinite(errors).all() else (np.zeros(0), np.zeros(0))

        def named(rows: Sequence[int]) -> list[dict[str, Any]]:
            return [{"row": row, "name": names[row] if names else "", "error": float(errors[row])} for row in rows]

        return {
            "worst": named(order[:_NAMED]),
            "best": named(order[::-1][:_NAMED]),
            "errors": {"edges": edges.tolist(), "counts": counts.tolist()},
        }

    def predictions(self, outputs: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return the error of each sample, where `outputs` are errors (n,)."""
        return [{"error": float(error)} for error in outputs]

    def answers(
        self, outputs: Tensor, inputs: Tensor, labels: Sequence[str], top: int, preprocessing: Any
    ) -> list[dict[str, Any]]:
        """Return the mean squared error of each sample, of values with mean 0 and deviation 1."""
        return self.predictions(self.errors(outputs, inputs), labels, top)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return how far normal distributions are from the standard one, in nats (Kingma and Welling 2014, appendix B).

    mean, log_variance (n, latent) -> (n,) float32.
    """
    mean, log_variance = mean.float(), log_variance.float()
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
