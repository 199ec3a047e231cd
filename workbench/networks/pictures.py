"""What the published image networks share: how they adapt to small pictures, and how their weights begin."""

from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from workbench.core.errors import UserError
from workbench.core.settings import Hint
from workbench.core.signature import Inputs

SMALL = 64  # pixels: below this side, the first layers of a network for photographs would leave nothing to look at

Stem = Annotated[
    Literal["auto", "small", "standard"],
    Field(
        title="Stem",
        description="The first layers: standard shrinks the picture at once, as for photographs; "
        "small keeps every pixel.",
    ),
    Hint(advanced=True, choices={"auto": "Automatic", "small": "Small pictures", "standard": "Standard"}),
]
Hidden = Annotated[
    Annotated[int, Field(ge=1, le=65536)] | Literal["auto"],
    Field(
        title="Hidden units",
        description="Width of the two linear layers before the answer; automatic is 4096, "
        "or 512 for pictures under 64 pixels.",
    ),
    Hint(choices={"auto": "Automatic"}),
]
Multiple = Annotated[
    float,
    Field(
        ge=0.0625,
        le=16,
        title="Width",
        description="Channels of every convolution as a multiple of the published ones.",
    ),
    Hint(log=True),
]

_GAINS = {"tanh": "tanh", "sigmoid": "sigmoid"}  # what is not one of the rectifiers


def is_small(inputs: Inputs) -> bool:
    """Return whether a side of the picture is below 64 pixels."""
    return min(inputs.shape[1:]) < SMALL


def has_small_stem(stem: str, inputs: Inputs) -> bool:
    """Return whether the network begins with the stem for small pictures; `stem` as in the settings."""
    return is_small(inputs) if stem == "auto" else stem == "small"


def hidden_units(hidden: int | str, inputs: Inputs) -> int:
    """Return the width of the hidden layers of a classifier; `hidden` as in the settings."""
    if isinstance(hidden, int):
        return hidden
    return 512 if is_small(inputs) else 4096


def scaled(channels: int, multiple: float) -> int:
    """Return a multiple of a number of channels, at least one."""
    return max(1, round(channels * multiple))


def refuse_smaller(inputs: Inputs, least: int, *, small_stem: bool) -> None:
    """Raise UserError when a side of the picture has fewer than `least` pixels.

    small_stem: whether the network has its small stem already, so that only larger pictures help.
    """
    _, height, width = inputs.shape
    if min(height, width) < least:
        hint = "Use larger images." if small_stem else "Choose the stem for small pictures, or use larger images."
        raise UserError(
            "A picture of {size} pixels is too small for this network, which needs at least {least}×{least}.",
            hint=hint,
            size=f"{width}×{height}",
            least=least,
        )


def start_convolutions(network: nn.Module, bend: str) -> None:
    """Set fresh weights of convolutions and batch norms after He et al. (2015, section 2.2).

    Filters are normal with variance gain²/(outputs of the filter), where the gain is √2 for the rectifiers; biases are
    0; batch norms begin as the identity. bend: name of the activation.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and not layer.weight.is_meta:
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity=_GAINS.get(bend, "relu"))  # type: ignore[arg-type]
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)


def start_linear(layer: nn.Linear, deviation: float) -> None:
    """Set fresh weights to normal ones around 0 and biases to 0."""
    if not layer.weight.is_meta:  # there, drawing nothing would first load PyTorch's compiler, for seconds
        nn.init.normal_(layer.weight, std=deviation)
        nn.init.zeros_(layer.bias)
