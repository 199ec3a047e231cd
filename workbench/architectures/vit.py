"""Vision transformer: a picture is cut into patches, which are read like words (Dosovitskiy et al. 2021)."""

from collections.abc import Mapping
from math import isqrt, sqrt
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import pad

from workbench.architectures import register
from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Activation, Dropout
from workbench.networks.pictures import start_linear
from workbench.networks.vision_transformer import PatchEncoder, stretched

_PATCHES = (16, 8, 4, 2, 1)  # sides that "auto" chooses between
_ENOUGH = 6  # patches that "auto" wants along the shorter side of the picture


class VitSettings(Settings):
    """Into what the picture is cut, and how much the network thinks about it."""

    kind: Literal["vit"] = "vit"
    patch: Annotated[
        Annotated[int, Field(ge=1, le=64)] | Literal["auto"],
        Field(
            title="Patch",
            description="Side of the squares that the picture is cut into, in pixels. "
            "Automatic takes large ones for large pictures.",
        ),
        Hint(choices={"auto": "Automatic"}),
    ] = "auto"
    width: Annotated[
        int, Field(ge=1, le=4096, title="Width", description="Numbers that stand for a patch inside the network.")
    ] = 128
    layers: Annotated[
        int, Field(ge=1, le=64, title="Layers", description="How often each patch looks at all others.")
    ] = 6
    heads: Annotated[
        int,
        Field(
            ge=1, le=64, title="Heads", description="Ways to look at the others in each layer; they share the width."
        ),
    ] = 4
    expansion: Annotated[
        int,
        Field(
            ge=1, le=16, title="Expansion", description="How many times as wide the linear layers between are inside."
        ),
    ] = 4
    activation: Activation = "gelu"
    dropout: Dropout = 0.0

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> "VitSettings":
        if self.width % self.heads:
            error = UserError(
                "A width of {width} cannot be shared out among {heads} heads.",
                hint="Choose a width that is a multiple of the heads.",
                width=self.width,
                heads=self.heads,
            )
            raise ValueErrorOf(error)
        return self


@register(
    "vit",
    settings=VitSettings,
    title="Vision transformer",
    summary="Cuts the picture into patches and lets them attend to each other. Wants many pictures.",
    inputs=("image",),
    tasks=("classification", "multi_label"),
    paper="Dosovitskiy et al. 2021, An image is worth 16x16 words: transformers for image recognition at scale",
    presets={
        mark("Small pictures"): {"width": 128, "layers": 6, "heads": 4},
        mark("ViT-Ti/16"): {"patch": 16, "width": 192, "layers": 12, "heads": 3},
        mark("ViT-S/16"): {"patch": 16, "width": 384, "layers": 12, "heads": 6},
        mark("ViT-B/16"): {"patch": 16, "width": 768, "layers": 12, "heads": 12},
        mark("ViT-B/32"): {"patch": 32, "width": 768, "layers": 12, "heads": 12},
    },
    tiny={"patch": 4, "width": 32, "layers": 2, "heads": 2, "expansion": 2},
    picture=("input", "embedding", "linear", "linear", "linear"),
)
class VisionTransformer(nn.Module):
    """Patches and a class token through an encoder; the token is classified.

    (batch, channels, height, width) -> logits (batch, outputs). A picture that no number of patches fills is filled
    up with zeros at its right and lower edge. Weights start as published, but the head, which is published at zero,
    is normal with a deviation of 0.02, so that a network without pretraining learns from its first step; parameters
    are named as in torchvision. Raises UserError when the picture is smaller than a patch.
    """

    head: ClassVar[str] = "heads.head"

    def __init__(self, settings: VitSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        channels, height, width = inputs.shape
        patch = _patch(settings, height, width)
        self.rows, self.columns = -(-height // patch), -(-width // patch)
        self.margin = (0, self.columns * patch - width, 0, self.rows * patch - height)
        self.class_token = nn.Parameter(torch.zeros(1, 1, settings.width))
        self.conv_proj = nn.Conv2d(channels, settings.width, patch, stride=patch)
        inner = settings.expansion * settings.width
        self.encoder = PatchEncoder(
            1 + self.rows * self.columns,
            settings.width,
            settings.layers,
            settings.heads,
            inner,
            settings.activation,
            settings.dropout,
        )
        head = nn.Linear(settings.width, outputs)
        self.heads = nn.Sequential()
        self.heads.add_module("head", head)
        if not self.conv_proj.weight.is_meta:
            nn.init.trunc_normal_(self.conv_proj.weight, std=sqrt(1 / (channels * patch * patch)))
        nn.init.zeros_(self.conv_proj.bias)  # type: ignore[arg-type]
        start_linear(head, 0.02)

    def forward(self, images: Tensor) -> Tensor:
        if any(self.margin):
            images = pad(images, self.margin)
        patches = self.conv_proj(images).flatten(2).transpose(1, 2)
        token = self.class_token.expand(patches.shape[0], -1, -1)
        return self.heads(self.encoder(torch.cat((token, patches), dim=1))[:, 0])

    def adopted(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of another file under this network's names, positions of another grid stretched to its own."""
        known = {_renamed(name): tensor for name, tensor in weights.items()}
        name, own = "encoder.pos_embedding", self.encoder.pos_embedding
        given = known.get(name)
        if given is not None and given.ndim == 3 and given.shape[2] == own.shape[2] and given.shape != own.shape:
            squares = given.shape[1] - 1
            if squares > 0 and isqrt(squares) ** 2 == squares:
                known[name] = stretched(given, self.rows, self.columns)
        return known


def _renamed(name: str) -> str:
    """Return the name in today's torchvision; files from before 2022 call the linear layers by other ones."""
    return name.replace(".mlp.linear_1.", ".mlp.0.").replace(".mlp.linear_2.", ".mlp.3.")


def _patch(settings: VitSettings, height: int, width: int) -> int:
    """Return the side of a patch; raises UserError when the picture is smaller than that."""
    shorter = min(height, width)
    if settings.patch == "auto":
        return next((patch for patch in _PATCHES if shorter >= _ENOUGH * patch), 1)
    if shorter < settings.patch:
        raise UserError(
            "A picture of {size} pixels is smaller than a patch of {patch}×{patch}.",
            hint="Choose a smaller patch, or use larger images.",
            size=f"{width}×{height}",
            patch=settings.patch,
        )
    return settings.patch
