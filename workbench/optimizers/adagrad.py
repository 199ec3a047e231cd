"""Adagrad: weights that seldom have a gradient take larger steps."""

from typing import Literal

from torch.optim import Adagrad, Optimizer

from workbench.optimizers import LearningRate, NamedParameters, OptimizerSettings, groups, register


class AdagradSettings(OptimizerSettings):
    """Step size; it shrinks by itself as gradients add up."""

    kind: Literal["adagrad"] = "adagrad"
    learning_rate: LearningRate = 1e-2


@register(
    "adagrad", settings=AdagradSettings, title="Adagrad", summary="Favours rare features. Steps shrink with time."
)
def adagrad(settings: AdagradSettings, named_parameters: NamedParameters, *, fused: bool) -> Optimizer:
    """Return Adagrad (Duchi et al. 2011)."""
    found = groups(settings, named_parameters)
    on_cpu = all(parameter.is_cpu for group in found for parameter in group["params"])  # other devices came late
    return Adagrad(found, lr=settings.learning_rate, fused=(fused and on_cpu) or None)
