"""Linear and logistic regression: one linear layer from the inputs to the answer."""

from math import prod
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from workbench.architectures import register
from workbench.core.settings import Settings
from workbench.core.signature import Inputs


class LinearSettings(Settings):
    """Whether the answer has a part that does not depend on the inputs."""

    kind: Literal["linear"] = "linear"
    bias: Annotated[bool, Field(title="Intercept", description="Adds a number that does not depend on the inputs.")] = (
        True
    )


@register(
    "linear",
    settings=LinearSettings,
    title="Linear",
    summary="Weighs every number and adds up: linear regression, and logistic regression for classes.",
    inputs=("table", "series"),
    tasks=("regression", "classification", "multi_label", "forecasting"),
    picture=("input", "linear"),
)
def linear(settings: LinearSettings, inputs: Inputs, outputs: int) -> nn.Module:
    """Return one linear layer: (batch, …) -> (batch, outputs); with one input and one output it has two parameters."""
    layer = nn.Linear(prod(inputs.shape), outputs, bias=settings.bias)
    return nn.Sequential(nn.Flatten(), layer)
