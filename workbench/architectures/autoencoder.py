"""Autoencoder: through a narrow middle and back to the input (Hinton and Salakhutdinov 2006)."""

from itertools import pairwise
from math import prod
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Activation, Width, activation, dense

_KERNEL = 3


class AutoencoderSettings(Settings):
    """How narrow the middle is, what leads there and back, and what makes the task harder than copying."""

    kind: Literal["autoencoder"] = "autoencoder"
    form: Annotated[
        Literal["auto", "dense", "convolutional"],
        Field(
            title="Form",
            description="Linear layers, or convolutions in front of them; automatic takes convolutions for images.",
        ),
        Hint(choices={"auto": "Automatic", "dense": "Dense", "convolutional": "Convolutional"}),
    ] = "auto"
    latent: Annotated[
        int,
        Field(
            ge=1,
            le=65536,
            title="Latent size",
            description="Numbers that an input is squeezed into. With 2 they can be drawn as a map.",
        ),
    ] = 2
    channels: Annotated[
        tuple[Width, ...],
        Field(
            min_length=1,
            max_length=12,
            title="Channels",
            description="Filters of each convolution of the convolutional form; each one halves the picture.",
        ),
    ] = (32, 64)
    hidden: Annotated[
        tuple[Width, ...],
        Field(
            max_length=32,
            title="Hidden units",
            description="Width of each linear layer on the way to the middle; the way back mirrors them.",
        ),
    ] = (128,)
    activation: Activation = "relu"
    variational: Annotated[
        bool,
        Field(
            title="Variational",
            description="The middle is a distribution near the normal one, so that new samples can be drawn from it.",
        ),
    ] = False
    divergence_weight: Annotated[
        float,
        Field(
            ge=0,
            le=1000,
            title="Divergence weight",
            description="Weight of the divergence from the normal distribution in a variational one; 1 is the bound "
            "of the paper.",
        ),
        Hint(advanced=True),
    ] = 1.0
    noise: Annotated[
        float,
        Field(
            ge=0,
            le=10,
            title="Noise",
            description="Deviation of the noise, or share of values erased, that training has to take out again. "
            "0 is off.",
        ),
    ] = 0.0
    noise_form: Annotated[
        Literal["gaussian", "erased"],
        Field(title="Form of the noise", description="Gaussian noise is added, or values are erased."),
        Hint(advanced=True, choices={"gaussian": "Gaussian", "erased": "Erased values"}),
    ] = "gaussian"

    @model_validator(mode="after")
    def _something_is_left(self) -> "AutoencoderSettings":
        if self.noise_form == "erased" and self.noise >= 1:
            error = UserError(
                "Noise of {noise} erases every value.",
                hint="Choose a share below 1, such as 0.3, or Gaussian noise.",
                noise=self.noise,
            )
            raise ValueErrorOf(error)
        return self


@register(
    "autoencoder",
    settings=AutoencoderSettings,
    title="Autoencoder",
    summary="Squeezes its input through a few numbers and restores it. Learns without labels.",
    inputs=("image", "table", "series"),
    tasks=("reconstruction",),
    default_for=(("image", "reconstruction"), ("table", "reconstruction"), ("series", "reconstruction")),
    presets={
        mark("Convolutional"): {"form": "convolutional", "latent": 16},
        mark("Deep, 784-1000-500-250-30"): {
            "form": "dense",
            "hidden": (1000, 500, 250),
            "latent": 30,
            "activation": "sigmoid",
        },
        mark("Variational"): {"variational": True},
        mark("Denoising"): {"noise": 0.3, "noise_form": "erased", "latent": 32},
    },
    tiny={"channels": (8,), "hidden": (32,), "latent": 8},
    paper="Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural networks; "
    "Vincent et al. 2008, Extracting and composing robust features with denoising autoencoders; "
    "Kingma and Welling 2014, Auto-encoding variational Bayes",
    picture=("input", "conv", "linear", "linear", "conv"),
)
class Autoencoder(nn.Module):
    """Encode, squeeze, decode: (batch, …) -> the same shape, as near to the input as the middle allows.

    A variational one (Kingma and Welling 2014) returns everything flat, for its loss needs the middle too:
    (batch, inputs + 2 · latent), the restored input, then means, then logarithms of variances. Raises UserError when
    convolutions are asked for and the inputs are no images.
    """

    head: ClassVar[str] = "decoder"

    def __init__(self, settings: AutoencoderSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        self.latent, self.variational = settings.latent, settings.variational
        middle = settings.latent * (2 if settings.variational else 1)
        bend = settings.activation
        if settings.form == "convolutional" and inputs.kind != "image":
            raise UserError("Only images can go through convolutions here.", hint="Choose the dense form.")
        down: list[nn.Module] = []
        up: list[nn.Module] = []
        shape = inputs.shape
        if settings.form == "convolutional" or (settings.form == "auto" and inputs.kind == "image"):
            sizes = _sizes(inputs.shape, settings.channels)
            down, up = _convolutions_down(sizes, bend), _convolutions_up(sizes, bend)
            shape = sizes[-1]
        flat = prod(shape)
        self.encoder = nn.Sequential(*down, nn.Flatten(), *dense(flat, settings.hidden, middle, bend=bend, dropout=0.0))
        back = dense(settings.latent, settings.hidden[::-1], flat, bend=bend, dropout=0.0)
        bent = [activation(bend)] if up else []
        self.decoder = nn.Sequential(*back, *bent, nn.Unflatten(1, shape), *up)

    def encode(self, batch: Tensor) -> Tensor:
        """Return the middle for a batch of inputs, (batch, …) -> (batch, latent); of a variational one, the means."""
        return self.encoder(batch)[:, : self.latent]

    def decode(self, latent: Tensor) -> Tensor:
        """Return the inputs that such a middle stands for: (batch, latent) -> (batch, …)."""
        return self.decoder(latent)

    def forward(self, batch: Tensor) -> Tensor:
        code = self.encoder(batch)
        if not self.variational:
            return self.decoder(code)
        mean, log_variance = code.chunk(2, dim=1)
        drawn = mean
        if self.training:
            drawn = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return torch.cat([self.decoder(drawn).flatten(1), mean, log_variance], dim=1)


def _sizes(shape: tuple[int, ...], channels: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shape (channels, height, width) of the picture and of what each convolution makes of it."""
    sizes = [shape]
    for filters in channels:
        _, height, width = sizes[-1]
        sizes.append((filters, (height + 1) // 2, (width + 1) // 2))
    return sizes


def _convolutions_down(sizes: list[tuple[int, ...]], bend: str) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Conv2d(before[0], after[0], _KERNEL, stride=2, padding=_KERNEL // 2), activation(bend)]
    return layers


def _convolutions_up(sizes: list[tuple[int, ...]], bend: str) -> list[nn.Module]:
    """Return the way back: to enlarge by repetition and convolve leaves no chequered pattern (Odena et al. 2016)."""
    layers: list[nn.Module] = []
    for before, after in zip(sizes[::-1], sizes[-2::-1], strict=False):
        layers += [nn.Upsample(size=after[1:]), nn.Conv2d(before[0], after[0], _KERNEL, padding=_KERNEL // 2)]
        layers.append(activation(bend))
    return layers[:-1]  # what is restored is not bent: it has both signs
