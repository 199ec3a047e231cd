"""Adam: each weight has its own step size, from the mean and the square of its gradients."""

from typing import Literal

from torch.optim import Adam, Optimizer

from workbench.optimizers import (
    GradientMemory,
    LearningRate,
    NamedParameters,
    OptimizerSettings,
    SquareMemory,
    groups,
    register,
)


class AdamSettings(OptimizerSettings):
    """Step size and the two memories; weight decay is part of the gradient here."""

    kind: Literal["adam"] = "adam"
    learning_rate: LearningRate = 1e-3
    beta1: GradientMemory = 0.9
    beta2: SquareMemory = 0.999


@register("adam", settings=AdamSettings, title="Adam", summary="Adapts the step of each weight. Quick to get going.")
def adam(settings: AdamSettings, named_parameters: NamedParameters, *, fused: bool) -> Optimizer:
    """Return Adam (Kingma and Ba 2015)."""
    return Adam(
        groups(settings, named_parameters),
        lr=settings.learning_rate,
        betas=(settings.beta1, settings.beta2),
        fused=fused or None,
    )
