"""VGG: blocks of 3×3 convolutions, each block with smaller maps and more filters (Simonyan and Zisserman 2015)."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Activation, Dropout, activation, group_norm
from workbench.networks.pictures import (
    Hidden,
    Multiple,
    hidden_units,
    is_small,
    refuse_smaller,
    scaled,
    start_convolutions,
    start_linear,
)

_FILTERS = (64, 128, 256, 512, 512)  # of the convolutions of each block
_BLOCKS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_POOLED = 7  # side of the map that the classifier sees


class VggSettings(Settings):
    """How deep and how wide it is."""

    kind: Literal["vgg"] = "vgg"
    depth: Annotated[
        Literal[11, 13, 16, 19],
        Field(title="Depth", description="Layers with weights: the convolutions and the three linear layers."),
    ] = 11
    width: Multiple = 1.0
    hidden: Hidden = "auto"
    normalization: Annotated[
        Literal["none", "batch", "group"],
        Field(
            title="Normalization",
            description="Batch keeps the activations of each convolution at one scale: it learns sooner and more "
            "surely. Group does so for each picture alone. The paper has none.",
        ),
        Hint(choices={"none": "None", "batch": "Batch", "group": "Group"}),
    ] = "batch"
    activation: Activation = "relu"
    dropout: Dropout = 0.5


@register(
    "vgg",
    settings=VggSettings,
    title="VGG",
    summary="Many small filters in a row. Simple, strong and large.",
    inputs=("image",),
    tasks=("classification", "multi_label"),
    paper="Simonyan and Zisserman 2015, Very deep convolutional networks for large-scale image recognition",
    presets={
        mark("VGG-11"): {"depth": 11, "normalization": "none", "hidden": 4096},
        mark("VGG-16"): {"depth": 16, "normalization": "none", "hidden": 4096},
        mark("VGG-16 with batch norm"): {"depth": 16, "normalization": "batch", "hidden": 4096},
        mark("VGG-19"): {"depth": 19, "normalization": "none", "hidden": 4096},
        mark("Small pictures"): {"depth": 11, "width": 0.5, "hidden": 512},
    },
    tiny={"depth": 11, "width": 0.0625, "hidden": 32, "dropout": 0.0},
    picture=("input", "conv", "pool", "conv", "conv", "pool", "linear", "linear"),
)
class Vgg(nn.Module):
    """Five blocks of convolutions, each followed by pooling, and a classifier.

    (batch, channels, height, width) -> logits (batch, outputs). For pictures under 64 pixels pooling rounds up, and
    the classifier sees what is left instead of 7×7. Filters start as He et al. (2015) say, and so do linear weights,
    but where the classifier is as wide as published: there with a deviation of 0.01; biases 0. Layers are named as in
    torchvision. Raises UserError when the picture is too small.
    """

    head: ClassVar[str] = "classifier.6"

    def __init__(self, settings: VggSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        refuse_smaller(inputs, 4, small_stem=True)
        small = is_small(inputs)
        channels, height, width = inputs.shape
        layers: list[nn.Module] = []
        for filters, count in zip(_FILTERS, _BLOCKS[settings.depth], strict=True):
            for _ in range(count):
                layers.extend(_convolution(settings, channels, scaled(filters, settings.width)))
                channels = scaled(filters, settings.width)
            layers.append(nn.MaxPool2d(2, ceil_mode=small))
        self.features = nn.Sequential(*layers)
        rows, columns = (min(_POOLED, -(-side // 32)) if small else _POOLED for side in (height, width))
        self.avgpool = nn.AdaptiveAvgPool2d((rows, columns))
        hidden = hidden_units(settings.hidden, inputs)
        self.classifier = nn.Sequential(
            *(nn.Linear(channels * rows * columns, hidden), activation(settings.activation)),
            *(nn.Dropout(settings.dropout), nn.Linear(hidden, hidden), activation(settings.activation)),
            *(nn.Dropout(settings.dropout), nn.Linear(hidden, outputs)),
        )
        start_convolutions(self.features, settings.activation)
        for layer in self.classifier:
            if isinstance(layer, nn.Linear):
                # as published where it is as wide; in narrower layers, signals that small would die out
                start_linear(layer, 0.01 if layer.in_features >= 4096 else (2 / layer.in_features) ** 0.5)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(images)), 1))


def _convolution(settings: VggSettings, channels: int, filters: int) -> list[nn.Module]:
    """Return one convolution with what follows it."""
    layers: list[nn.Module] = [nn.Conv2d(channels, filters, 3, padding=1)]
    if settings.normalization != "none":
        layers.append(nn.BatchNorm2d(filters) if settings.normalization == "batch" else group_norm(filters))
    return [*layers, activation(settings.activation)]
