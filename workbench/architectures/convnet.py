"""Convolutional network: blocks of convolution and pooling, then hidden layers (LeCun et al. 1998)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Activation, Dropout, Width, activation, dense, group_norm


class ConvNetSettings(Settings):
    """Widths of the blocks and of the hidden layers, and what a block is made of."""

    kind: Literal["convnet"] = "convnet"
    widths: Annotated[
        tuple[Width, ...],
        Field(min_length=1, max_length=32, title="Channels", description="Filters of each convolution, first to last."),
    ] = (32, 64)
    kernel: Annotated[
        int, Field(ge=1, le=31, title="Kernel", description="Side of the square that a filter looks at, in pixels.")
    ] = 3
    activation: Activation = "relu"
    hidden: Annotated[
        tuple[Width, ...],
        Field(
            max_length=32,
            title="Hidden units",
            description="Width of each linear layer between the convolutions and the answer.",
        ),
    ] = (128,)
    dropout: Dropout = 0.0
    padding: Annotated[
        Literal["same", "none"],
        Field(title="Padding", description="Whether a convolution keeps the size of the picture or trims its border."),
        Hint(advanced=True, choices={"same": "Keeps the size", "none": "None"}),
    ] = "same"
    pooling: Annotated[
        Literal["max", "average", "none"],
        Field(title="Pooling", description="How each square of 2×2 values becomes one."),
        Hint(advanced=True, choices={"max": "Maximum", "average": "Average", "none": "None"}),
    ] = "max"
    pooled: Annotated[
        Literal["every block", "all but the last"],
        Field(title="Pool after", description="The blocks that end with pooling."),
        Hint(advanced=True, choices={"every block": "Every block", "all but the last": "All but the last"}),
    ] = "every block"
    normalization: Annotated[
        Literal["none", "batch", "instance", "group"],
        Field(title="Normalization", description="Keeps the activations of each convolution at one scale."),
        Hint(advanced=True, choices={"none": "None", "batch": "Batch", "instance": "Instance", "group": "Group"}),
    ] = "none"

    @model_validator(mode="after")
    def _kernel_has_a_middle(self) -> "ConvNetSettings":
        if self.padding == "same" and self.kernel % 2 == 0:
            error = UserError(
                "A kernel of {kernel} has no middle, so padding cannot keep the size.",
                hint="Choose an odd kernel, or no padding.",
                kernel=self.kernel,
            )
            raise ValueErrorOf(error)
        return self


@register(
    "convnet",
    settings=ConvNetSettings,
    title="Convolutional",
    summary="Finds local patterns. The first choice for pictures.",
    inputs=("image",),
    tasks=("classification", "multi_label"),
    default_for=(("image", "classification"),),
    presets={
        mark("DCNN 28×28"): {"widths": (32, 64), "kernel": 3, "hidden": (128,)},
        mark("CNN colour"): {"widths": (32, 64), "kernel": 3, "hidden": (128,)},
        mark("CNN unpadded"): {
            "widths": (32, 64, 64),
            "kernel": 3,
            "padding": "none",
            "pooled": "all but the last",
            "hidden": (64,),
        },
    },
    tiny={"widths": (8, 16), "hidden": (16,)},
    widths=("widths", "hidden"),
    paper="LeCun et al. 1998, Gradient-based learning applied to document recognition",
    picture=("input", "conv", "pool", "conv", "pool", "linear", "linear"),
)
class ConvNet(nn.Module):
    """Convolve, bend and pool, block after block, then classify: (batch, channels, height, width) -> (batch, outputs).

    Weights start as PyTorch's layers set them: uniform within 1/sqrt(inputs of the filter). Raises UserError when
    the picture is too small for the blocks.
    """

    def __init__(self, settings: ConvNetSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        channels, height, width = inputs.shape
        blocks: list[nn.Module] = []
        for number, filters in enumerate(settings.widths, start=1):
            pools = settings.pooling != "none" and (settings.pooled == "every block" or number < len(settings.widths))
            height, width = _left(settings, number, pools, height, width)
            blocks.extend(_block(settings, channels, filters, pools))
            channels = filters
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            *dense(
                channels * height * width, settings.hidden, outputs, bend=settings.activation, dropout=settings.dropout
            ),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))


def _block(settings: ConvNetSettings, channels: int, filters: int, pools: bool) -> list[nn.Module]:
    """Return one convolution with what follows it."""
    margin = settings.kernel // 2 if settings.padding == "same" else 0
    bias = settings.normalization == "none"  # a normalization has a bias of its own
    layers: list[nn.Module] = [nn.Conv2d(channels, filters, settings.kernel, padding=margin, bias=bias)]
    if settings.normalization == "batch":
        layers.append(nn.BatchNorm2d(filters))
    elif settings.normalization == "instance":
        layers.append(nn.InstanceNorm2d(filters, affine=True))
    elif settings.normalization == "group":
        layers.append(group_norm(filters))
    layers.append(activation(settings.activation))
    if pools:
        layers.append(nn.MaxPool2d(2) if settings.pooling == "max" else nn.AvgPool2d(2))
    return layers


def _left(settings: ConvNetSettings, number: int, pools: bool, height: int, width: int) -> tuple[int, int]:
    """Return height and width after block `number`; raises UserError when nothing would be left."""
    size = f"{width}×{height}"
    trimmed = 0 if settings.padding == "same" else settings.kernel - 1
    height, width = height - trimmed, width - trimmed
    if min(height, width) < 1:
        raise UserError(
            "The {kernel}×{kernel} kernel of block {number} is larger than the {size} pixels that reach it.",
            hint="Use fewer blocks, a smaller kernel, padding that keeps the size, or larger images.",
            kernel=settings.kernel,
            number=number,
            size=size,
        )
    if settings.normalization == "instance" and height * width == 1:
        raise UserError(
            "Block {number} has one pixel left, which instance normalization would turn to nothing.",
            hint="Choose another normalization, fewer blocks, or larger images.",
            number=number,
        )
    if pools:
        if min(height, width) < 2:
            raise UserError(
                "Block {number} has {size} pixels left, too few to pool.",
                hint="Use fewer blocks, pool less, keep the size with padding, or use larger images.",
                number=number,
                size=f"{width}×{height}",
            )
        height, width = height // 2, width // 2
    return height, width
