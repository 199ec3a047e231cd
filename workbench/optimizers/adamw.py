"""AdamW: Adam with weight decay apart from the gradient."""

from typing import Literal

from torch.optim import AdamW, Optimizer

from workbench.optimizers import (
    GradientMemory,
    LearningRate,
    NamedParameters,
    OptimizerSettings,
    SquareMemory,
    WeightDecay,
    groups,
    register,
)


class AdamWSettings(OptimizerSettings):
    """Step size, decay and the two memories."""

    kind: Literal["adamw"] = "adamw"
    learning_rate: LearningRate = 1e-3
    weight_decay: WeightDecay = 0.01
    beta1: GradientMemory = 0.9
    beta2: SquareMemory = 0.999


@register("adamw", settings=AdamWSettings, title="AdamW", summary="A safe choice that seldom needs tuning.")
def adamw(settings: AdamWSettings, named_parameters: NamedParameters, *, fused: bool) -> Optimizer:
    """Return AdamW (Loshchilov and Hutter 2019)."""
    return AdamW(
        groups(settings, named_parameters),
        lr=settings.learning_rate,
        betas=(settings.beta1, settings.beta2),
        fused=fused or None,
    )
