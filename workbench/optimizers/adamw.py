"""AdamW: Adam with weight decay apart from the gradient."""

from typing import Annotated, Literal

from pydantic import Field
from torch.optim import AdamW, Optimizer

from workbench.core.settings import Hint
from workbench.optimizers import LearningRate, NamedParameters, OptimizerSettings, WeightDecay, groups, register


class AdamWSettings(OptimizerSettings):
    """Step size, decay and the two memories."""

    kind: Literal["adamw"] = "adamw"
    learning_rate: LearningRate = 1e-3
    weight_decay: WeightDecay = 0.01
    beta1: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="Memory of gradients",
            description="Part of the running mean of gradients that each step keeps.",
        ),
        Hint(advanced=True),
    ] = 0.9
    beta2: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="Memory of squares",
            description="Part of the running mean of squares that each step keeps.",
        ),
        Hint(advanced=True),
    ] = 0.999


@register("adamw", settings=AdamWSettings, title="AdamW", summary="A safe choice that seldom needs tuning.")
def adamw(settings: AdamWSettings, named_parameters: NamedParameters, *, fused: bool) -> Optimizer:
    """Return AdamW (Loshchilov and Hutter 2019)."""
    return AdamW(
        groups(settings, named_parameters),
        lr=settings.learning_rate,
        betas=(settings.beta1, settings.beta2),
        fused=fused or None,
    )
