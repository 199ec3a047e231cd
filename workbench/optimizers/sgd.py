"""Stochastic gradient descent, with momentum."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from torch.optim import SGD, Optimizer

from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.optimizers import LearningRate, Momentum, NamedParameters, OptimizerSettings, groups, register


class SgdSettings(OptimizerSettings):
    """Step size and momentum."""

    kind: Literal["sgd"] = "sgd"
    learning_rate: LearningRate = 0.05
    momentum: Momentum = 0.9
    nesterov: Annotated[
        bool,
        Field(title="Nesterov", description="Looks ahead along the momentum before each step. Needs momentum."),
    ] = False

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> "SgdSettings":
        if self.nesterov and not self.momentum:
            raise ValueErrorOf(
                UserError("Nesterov needs momentum.", hint="Set a momentum, such as 0.9, or switch Nesterov off.")
            )
        return self


@register("sgd", settings=SgdSettings, title="SGD", summary="Plain steps with momentum. Often best for long runs.")
def sgd(settings: SgdSettings, named_parameters: NamedParameters, *, fused: bool) -> Optimizer:
    """Return stochastic gradient descent with momentum, Nesterov's too (Sutskever et al. 2013)."""
    return SGD(
        groups(settings, named_parameters),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=settings.nesterov,
        fused=fused or None,
    )
