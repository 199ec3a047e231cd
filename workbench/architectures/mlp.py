"""Multilayer perceptron: linear layers with an activation between them."""

from math import prod
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from workbench.architectures import register
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.networks.layers import Activation, Dropout, Width, dense


class MlpSettings(Settings):
    """Widths of the hidden layers, and what stands between them."""

    kind: Literal["mlp"] = "mlp"
    hidden: Annotated[
        tuple[Width, ...],
        Field(
            min_length=1, max_length=64, title="Hidden units", description="Width of each hidden layer, first to last."
        ),
    ] = (256, 128)
    activation: Activation = "relu"
    dropout: Dropout = 0.0
    normalization: Annotated[
        Literal["none", "batch", "layer", "group"],
        Field(title="Normalization", description="Keeps the activations of each hidden layer at one scale."),
        Hint(advanced=True, choices={"none": "None", "batch": "Batch", "layer": "Layer", "group": "Group"}),
    ] = "none"


@register(
    "mlp",
    settings=MlpSettings,
    title="MLP",
    summary="Layers of linear units. The simplest network.",
    inputs=("image", "table", "series"),
    tasks=("classification", "multi_label", "regression", "forecasting"),
    default_for=(("table", "classification"), ("table", "regression"), ("table", "multi_label")),
    tiny={"hidden": (16,)},
    widths=("hidden",),
    picture=("input", "linear", "linear", "linear"),
)
def mlp(settings: MlpSettings, inputs: Inputs, outputs: int) -> nn.Module:
    """Return a multilayer perceptron, which sees no order in its inputs: (batch, …) -> (batch, outputs)."""
    layers = dense(
        prod(inputs.shape),
        settings.hidden,
        outputs,
        bend=settings.activation,
        dropout=settings.dropout,
        normalization=settings.normalization,
    )
    return nn.Sequential(nn.Flatten(), *layers)
