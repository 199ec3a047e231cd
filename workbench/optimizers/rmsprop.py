"""RMSprop: divides each weight's step by the recent size of its gradient."""

from typing import Annotated, Literal

from pydantic import Field
from torch.optim import Optimizer, RMSprop

from workbench.optimizers import (
    LearningRate,
    Momentum,
    NamedParameters,
    OptimizerSettings,
    SquareMemory,
    groups,
    register,
)


class RmspropSettings(OptimizerSettings):
    """Step size, memory and momentum."""

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: LearningRate = 1e-3
    alpha: SquareMemory = 0.99
    momentum: Momentum = 0.0
    centered: Annotated[
        bool, Field(title="Centred", description="Divides by the variance of the gradient instead of its size.")
    ] = False


@register("rmsprop", settings=RmspropSettings, title="RMSprop", summary="Evens out large and small gradients.")
def rmsprop(settings: RmspropSettings, named_parameters: NamedParameters, *, fused: bool) -> Optimizer:
    """Return RMSprop (Hinton 2012, lecture 6e), which PyTorch has no fused kernel for."""
    return RMSprop(
        groups(settings, named_parameters),
        lr=settings.learning_rate,
        alpha=settings.alpha,
        momentum=settings.momentum,
        centered=settings.centered,
    )
