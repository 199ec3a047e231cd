"""Whitened convolutional network: made to learn much from few passes over the data (Page 2019; Jordan 2024)."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.errors import UserError
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Activation, Width, activation
from workbench.networks.whitening import Whitening


class WhitenedConvNetSettings(Settings):
    """The whitening in front, the stages after it, and how sure the answer can be."""

    kind: Literal["whitened_convnet"] = "whitened_convnet"
    widths: Annotated[
        tuple[Width, ...],
        Field(min_length=1, max_length=8, title="Channels", description="Filters of each stage, first to last."),
    ] = (64, 256, 256)
    depth: Annotated[
        int,
        Field(
            ge=1,
            le=8,
            title="Convolutions a stage",
            description="Each halves the picture after its first one.",
        ),
    ] = 2
    patch: Annotated[
        int,
        Field(
            ge=1,
            le=8,
            title="Patch",
            description="Side of the squares whose correlations the first layer takes away, in pixels.",
        ),
    ] = 2
    stride: Annotated[
        int,
        Field(
            ge=1, le=8, title="Patch step", description="From one square to the next; 2 makes all that follows faster."
        ),
        Hint(unit="pixels"),
    ] = 1
    activation: Activation = "gelu"
    pooling: Annotated[
        Literal["max", "average"],
        Field(title="Last pooling", description="How what is left of the picture becomes one number a filter."),
        Hint(advanced=True, choices={"max": "Maximum", "average": "Average"}),
    ] = "max"
    logit_scale: Annotated[
        float,
        Field(
            gt=0,
            le=100,
            title="Scale of the answer",
            description="What the last layer's outputs are multiplied by; small ones keep the first steps calm.",
        ),
        Hint(advanced=True, log=True),
    ] = 1 / 9
    norm_memory: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="Memory of normalization",
            description="Part of the running means that a step keeps; short runs need a short memory.",
        ),
        Hint(advanced=True),
    ] = 0.6

    def why_not_private(self) -> UserError:
        """Return why it cannot be trained privately."""
        return UserError(
            "The first layer of this network is computed from the pictures, without noise, so that it cannot be "
            "trained privately.",
            hint="Choose another architecture, such as ResNet with group normalization.",
        )


@register(
    "whitened_convnet",
    settings=WhitenedConvNetSettings,
    title="Whitened convolutional",
    summary="Starts from what the pictures have in common. Learns fastest in few epochs.",
    inputs=("image",),
    tasks=("classification", "multi_label"),
    presets={
        mark("airbench, 94 % on CIFAR-10"): {"widths": (64, 256, 256), "depth": 2, "patch": 2},
        mark("Fast, for small grey pictures"): {
            "widths": (32, 64),
            "depth": 1,
            "patch": 4,
            "stride": 2,
            "pooling": "average",
            "logit_scale": 1.0,
        },
    },
    tiny={"widths": (8, 16), "depth": 1},
    paper="Jordan 2024, 94% on CIFAR-10 in 3.29 seconds on a single GPU, section 3",
    picture=("input", "conv", "conv", "pool", "conv", "pool", "linear"),
)
class WhitenedConvNet(nn.Module):
    """Whiten patches, convolve in stages that halve the picture, pool what is left and classify.

    (batch, channels, height, width) -> logits (batch, outputs). `prepare` computes the first layer from training
    images. A stage whose picture is a single row or column halves it no further. Convolutions start as identities as
    far as they have inputs (Jordan 2024, section 3.3). Raises UserError when the picture is smaller than a patch.
    """

    def __init__(self, settings: WhitenedConvNetSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        channels, height, width = inputs.shape
        if min(height, width) < settings.patch:
            raise UserError(
                "Pictures of {width}×{height} pixels have no squares of {patch}.",
                hint="Choose a smaller patch, or larger images.",
                width=width,
                height=height,
                patch=settings.patch,
            )
        sides = [(side - settings.patch) // settings.stride + 1 for side in (height, width)]
        self.whitening = Whitening(channels, settings.patch, settings.stride)
        self.activation = activation(settings.activation)
        channels = self.whitening.out_channels
        stages = []
        for filters in settings.widths:
            halves = min(sides) > 1
            stages.append(_stage(settings, channels, filters, halves=halves))
            sides = [side // 2 for side in sides] if halves else sides
            channels = filters
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveMaxPool2d(1) if settings.pooling == "max" else nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(channels, outputs, bias=False)
        self.logit_scale = settings.logit_scale

    def prepare(self, images: Tensor) -> None:
        """Compute what is computed and not learned, from training images as they enter the network."""
        self.whitening.fit(images)

    def forward(self, images: Tensor) -> Tensor:
        values = self.stages(self.activation(self.whitening(images)))
        return self.head(self.pool(values).flatten(1)) * self.logit_scale


def _stage(settings: WhitenedConvNetSettings, channels: int, filters: int, *, halves: bool) -> nn.Sequential:
    """Return convolutions that are normalized and bent, the first of them pooled before."""
    layers: list[nn.Module] = []
    for number in range(settings.depth):
        convolution = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
        nn.init.dirac_(convolution.weight[: min(channels, filters)])
        layers.append(convolution)
        if number == 0 and halves:
            layers.append(nn.MaxPool2d(2))  # before normalization: the largest stays the largest, and it is less work
        layers.append(nn.BatchNorm2d(filters, momentum=1 - settings.norm_memory))
        layers.append(activation(settings.activation))
        channels = filters
    return nn.Sequential(*layers)
