"""Residual networks: for photographs, for small pictures, and wide ones."""

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Activation, Dropout, activation, group_norm
from workbench.networks.pictures import Stem, has_small_stem, is_small, refuse_smaller, start_convolutions
from workbench.networks.residual import BasicBlock, Bottleneck, Norm, WideBlock

Block = Callable[[int, int, int], nn.Module]  # called with channels, filters, stride

_PHOTOGRAPHS = {  # blocks of each stage (He et al. 2016, table 1)
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
_WIDE = (16, 22, 28, 40)  # 6n + 4 layers; all other depths are 6n + 2
_DEEP = 50  # from here on blocks have three convolutions


class ResNetSettings(Settings):
    """How deep and how wide it is, and how it begins."""

    kind: Literal["resnet"] = "resnet"
    depth: Annotated[
        Literal["auto", 8, 20, 32, 44, 56, 110, 16, 22, 28, 40, 18, 34, 50, 101, 152],
        Field(
            title="Depth",
            description="Layers with weights, which also says of which design. "
            "Automatic is 20 for pictures under 64 pixels, and 18 for larger ones.",
        ),
        Hint(
            choices={
                "auto": "Automatic",
                "8": "8, small pictures",
                "20": "20, small pictures",
                "32": "32, small pictures",
                "44": "44, small pictures",
                "56": "56, small pictures",
                "110": "110, small pictures",
                "16": "16, small pictures, wide",
                "22": "22, small pictures, wide",
                "28": "28, small pictures, wide",
                "40": "40, small pictures, wide",
                "18": "18, photographs",
                "34": "34, photographs",
                "50": "50, photographs",
                "101": "101, photographs",
                "152": "152, photographs",
            }
        ),
    ] = "auto"
    width: Annotated[
        int,
        Field(
            ge=1,
            le=16,
            title="Widening",
            description="How many times as many channels as published; depths from 50 are widened inside their blocks.",
        ),
    ] = 1
    activation: Activation = "relu"
    dropout: Annotated[
        Dropout,
        Field(
            title="Dropout in blocks",
            description="Part of the activations between the two convolutions of a wide block that is switched off "
            "at random in training; other designs have none.",
        ),
        Hint(advanced=True),
    ] = 0.0
    normalization: Annotated[
        Literal["batch", "group"],
        Field(
            title="Normalization",
            description="What keeps the activations at one scale: over the pictures of a batch, as published, or over "
            "groups of channels of each picture alone.",
        ),
        Hint(advanced=True, choices={"batch": "Batch", "group": "Group"}),
    ] = "batch"
    stem: Stem = "auto"


@register(
    "resnet",
    settings=ResNetSettings,
    title="ResNet",
    summary="Shortcuts let it grow deep and still learn. The standard for pictures.",
    inputs=("image",),
    tasks=("classification", "multi_label"),
    paper="He et al. 2016, Deep residual learning for image recognition; "
    "Zagoruyko and Komodakis 2016, Wide residual networks",
    presets={
        mark("ResNet-20, small pictures"): {"depth": 20},
        mark("ResNet-56, small pictures"): {"depth": 56},
        mark("Wide ResNet-16-4"): {"depth": 16, "width": 4},
        mark("Wide ResNet-28-10"): {"depth": 28, "width": 10, "dropout": 0.3},
        mark("ResNet-18"): {"depth": 18},
        mark("ResNet-50"): {"depth": 50},
        mark("Wide ResNet-50-2"): {"depth": 50, "width": 2},
    },
    tiny={"depth": 8},
    picture=("input", "conv", "conv", "conv", "pool", "linear"),
)
class ResNet(nn.Module):
    """Stages of residual blocks, each with smaller maps and more channels, averaged over the picture and classified.

    (batch, channels, height, width) -> logits (batch, outputs). Depths 18 to 152 are those for photographs: four
    stages from 64 channels, and for pictures under 64 pixels a stem of one 3×3 convolution without pooling. Depths 8
    to 110 are those of section 4.2 of He et al.: three stages from 16 channels with shortcuts that have no weights.
    Depths 16, 22, 28 and 40 are the wide ones, in which normalization comes first. Filters start normal with variance
    2 / (outputs of the filter), as published; layers are named as in torchvision. Raises UserError when the picture
    is too small.
    """

    head: ClassVar[str] = "fc"

    def __init__(self, settings: ResNetSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        depth, width, bend, norm = settings.depth, settings.width, settings.activation, _norm(settings)
        if depth == "auto":
            depth = 20 if is_small(inputs) else 18
        photographs, first_norm = depth in _PHOTOGRAPHS, depth not in _WIDE
        small = has_small_stem(settings.stem, inputs) if photographs else settings.stem != "standard"
        refuse_smaller(inputs, 4 if small else 32, small_stem=small)
        channels = _first_channels(depth, width)
        kernel, stride = (3, 1) if small else (7, 2)
        self.conv1 = nn.Conv2d(inputs.shape[0], channels, kernel, stride, padding=kernel // 2, bias=False)
        self.bn1 = norm(channels) if first_norm else nn.Identity()
        self.relu = activation(bend) if first_norm else nn.Identity()
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, stride=2, padding=1)
        counts = _PHOTOGRAPHS.get(depth) or ((depth - (4 if depth in _WIDE else 2)) // 6,) * 3
        filters = channels * (4 if depth in _PHOTOGRAPHS and depth >= _DEEP else 1)
        if depth in _WIDE:
            filters = channels * width
        for stage, count in enumerate(counts):
            steps = 1 if stage == 0 else 2
            blocks, channels = _stage(_block(settings, depth), channels, filters << stage, count, steps)
            self.add_module(f"layer{stage + 1}", blocks)
        self.norm = nn.Identity() if first_norm else nn.Sequential(norm(channels), activation(bend))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, outputs)
        self.stages = len(counts)
        start_convolutions(self, bend)

    def forward(self, images: Tensor) -> Tensor:
        values = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for stage in range(self.stages):
            values = self.get_submodule(f"layer{stage + 1}")(values)
        return self.fc(torch.flatten(self.avgpool(self.norm(values)), 1))


def _norm(settings: ResNetSettings) -> Norm:
    return nn.BatchNorm2d if settings.normalization == "batch" else group_norm


def _first_channels(depth: int, width: int) -> int:
    """Return the channels that the stem gives."""
    if depth in _WIDE:
        return 16
    if depth not in _PHOTOGRAPHS:
        return 16 * width
    return 64 if depth >= _DEEP else 64 * width


def _stage(block: Block, channels: int, filters: int, count: int, stride: int) -> tuple[nn.Sequential, int]:
    """Return the blocks of a stage, of which the first takes the steps, and the channels that they give."""
    blocks = []
    for number in range(count):
        blocks.append(block(channels, filters, stride if number == 0 else 1))
        channels = filters
    return nn.Sequential(*blocks), channels


def _block(settings: ResNetSettings, depth: int) -> Block:
    """Return what makes the blocks of this depth."""
    width, bend, norm, dropout = settings.width, settings.activation, _norm(settings), settings.dropout
    if depth in _WIDE:
        return lambda channels, filters, stride: WideBlock(channels, filters, stride, bend, norm, dropout)
    if depth not in _PHOTOGRAPHS:
        return lambda channels, filters, stride: BasicBlock(channels, filters, stride, bend, norm, projects=False)
    if depth < _DEEP:
        return lambda channels, filters, stride: BasicBlock(channels, filters, stride, bend, norm)
    return lambda channels, filters, stride: Bottleneck(channels, filters // 4 * width, filters, stride, bend, norm)
