"""Layers that a person chooses by name, and the settings with which they are chosen."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from workbench.core.settings import Hint

Activation = Annotated[
    Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "squared_relu"],
    Field(title="Activation", description="What bends the output of every layer but the last."),
    Hint(
        choices={
            "relu": "ReLU",
            "leaky_relu": "Leaky ReLU",
            "elu": "ELU",
            "gelu": "GELU",
            "silu": "SiLU",
            "tanh": "Tanh",
            "sigmoid": "Sigmoid",
            "squared_relu": "Squared ReLU",
        }
    ),
]
Dropout = Annotated[
    float,
    Field(
        ge=0,
        lt=1,
        title="Dropout",
        description="Part of the activations that is switched off at random in training, against memorising.",
    ),
]
Width = Annotated[int, Field(ge=1, le=65536)]


class SquaredReLU(nn.ReLU):
    """The square of what is above 0 (So et al. 2021, section 4.3)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return values of the same shape."""
        above = super().forward(input)
        return above * above


_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "squared_relu": SquaredReLU,
}


def activation(name: str) -> nn.Module:
    """Return a new activation layer of that name."""
    return _ACTIVATIONS[name]()


def group_norm(channels: int) -> nn.GroupNorm:
    """Return a normalization over groups of channels of each sample alone (Wu and He 2018).

    There are as many groups as divide the channels, up to 32, with at least four channels each: one channel alone
    would be turned to nothing where a picture has one pixel left.
    """
    groups = 32
    while groups > 1 and (channels % groups or channels // groups < 4):
        groups //= 2
    return nn.GroupNorm(groups, channels)


def dense(
    inputs: int, widths: tuple[int, ...], outputs: int, *, bend: str, dropout: float, normalization: str = "none"
) -> nn.Sequential:
    """Return linear layers through `widths`, each normalized, bent and dropped out, and a linear layer to the logits.

    normalization: "none", "batch" (Ioffe and Szegedy 2015), "layer" (Ba et al. 2016) or "group", see `group_norm`.
    Weights start as PyTorch's `Linear` sets them: uniform within 1/sqrt(inputs). (batch, inputs) -> (batch, outputs).
    """
    layers: list[nn.Module] = []
    for width in widths:
        layers.append(nn.Linear(inputs, width, bias=normalization != "batch"))  # a batch norm has a bias of its own
        if normalization == "batch":
            layers.append(nn.BatchNorm1d(width))
        elif normalization == "layer":
            layers.append(nn.LayerNorm(width))
        elif normalization == "group":
            layers.append(group_norm(width))
        layers.append(activation(bend))
        if dropout:
            layers.append(nn.Dropout(dropout))
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def norms_over_batches(network: nn.Module) -> dict[str, nn.Module]:
    """Return the layers by name whose answer for a sample depends on the others of its batch, while it is trained."""
    return {
        name: layer for name, layer in network.named_modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)
    }
