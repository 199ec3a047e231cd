"""AlexNet, the network that began it all (Krizhevsky et al. 2012), in the variant of 2014."""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.settings import Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Activation, Dropout, activation
from workbench.networks.pictures import (
    Hidden,
    Multiple,
    Stem,
    has_small_stem,
    hidden_units,
    is_small,
    refuse_smaller,
    scaled,
)

_FILTERS = (64, 192, 384, 256, 256)
_POOLED = 6  # side of the map that the classifier sees
_LEAST = {"standard": 63, "small": 5}  # pixels that leave something after the last pooling


class AlexNetSettings(Settings):
    """How wide it is, and how it begins."""

    kind: Literal["alexnet"] = "alexnet"
    width: Multiple = 1.0
    hidden: Hidden = "auto"
    activation: Activation = "relu"
    dropout: Dropout = 0.5
    stem: Stem = "auto"


@register(
    "alexnet",
    settings=AlexNetSettings,
    title="AlexNet",
    summary="Five convolutions, three linear layers. It won ImageNet in 2012 and is still quick.",
    inputs=("image",),
    tasks=("classification", "multi_label"),
    paper="Krizhevsky et al. 2012, ImageNet classification with deep convolutional neural networks; "
    "in the variant of Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks",
    presets={
        mark("ImageNet"): {"stem": "standard", "hidden": 4096},
        mark("Small pictures"): {"stem": "small", "hidden": 512, "width": 0.5},
    },
    tiny={"width": 0.125, "hidden": 32, "dropout": 0.0},
    picture=("input", "conv", "pool", "conv", "pool", "conv", "conv", "linear", "linear"),
)
class AlexNet(nn.Module):
    """Five convolutions and a classifier: (batch, channels, height, width) -> logits (batch, outputs).

    The small stem, for pictures under 64 pixels, has a 3×3 filter and step 1 in place of 11×11 and step 4, and every
    pooling rounds up. Weights start as PyTorch's layers set them, and layers are named as in torchvision. Raises
    UserError when the picture is too small.
    """

    head: ClassVar[str] = "classifier.6"

    def __init__(self, settings: AlexNetSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        small = has_small_stem(settings.stem, inputs)
        refuse_smaller(inputs, _LEAST["small" if small else "standard"], small_stem=small)
        first, second, third, fourth, fifth = (scaled(filters, settings.width) for filters in _FILTERS)
        channels, height, width = inputs.shape

        def bend() -> nn.Module:
            return activation(settings.activation)

        def pool() -> nn.Module:
            return nn.MaxPool2d(3, stride=2, padding=1 if small else 0)

        stem = nn.Conv2d(channels, first, 3, padding=1) if small else nn.Conv2d(channels, first, 11, 4, padding=2)
        self.features = nn.Sequential(
            *(stem, bend(), pool()),
            *(nn.Conv2d(first, second, 5, padding=2), bend(), pool()),
            *(nn.Conv2d(second, third, 3, padding=1), bend()),
            *(nn.Conv2d(third, fourth, 3, padding=1), bend()),
            *(nn.Conv2d(fourth, fifth, 3, padding=1), bend(), pool()),
        )
        rows = columns = _POOLED
        if is_small(inputs):  # nothing is gained by stretching the little that is left
            rows, columns = (min(_POOLED, _left(side, small)) for side in (height, width))
        self.avgpool = nn.AdaptiveAvgPool2d((rows, columns))
        hidden = hidden_units(settings.hidden, inputs)
        self.classifier = nn.Sequential(
            *(nn.Dropout(settings.dropout), nn.Linear(fifth * rows * columns, hidden), bend()),
            *(nn.Dropout(settings.dropout), nn.Linear(hidden, hidden), bend()),
            nn.Linear(hidden, outputs),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(images)), 1))


def _left(side: int, small: bool) -> int:
    """Return what the stem and the three poolings leave of a side of the picture, in pixels."""
    if small:
        for _ in range(3):
            side = (side + 1) // 2
        return side
    side = (side + 2 * 2 - 11) // 4 + 1
    for _ in range(3):
        side = (side - 3) // 2 + 1
    return side
