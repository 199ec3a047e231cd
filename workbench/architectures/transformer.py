"""Transformer encoder (Vaswani et al. 2017): every token or step of a sequence looks at every other."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.attention import EncoderLayer, mean_of, seen, sinusoids
from workbench.networks.layers import Activation, Dropout, Width
from workbench.networks.tokens import TokenSettings

_START = 0.02  # deviation of embeddings and positions before training


class TransformerSettings(TokenSettings):
    """How a text is cut up, and the layers that read it; series need no tokens."""

    kind: Literal["transformer"] = "transformer"
    trims_texts: ClassVar[bool] = True  # padding changes nothing, and need not be there
    special: ClassVar[tuple[str, ...]] = ("cls", "sep", "mask")  # the marks around a text, and what hides a token
    width: Annotated[
        Width, Field(title="Width", description="Numbers that stand for one token or step in every layer.")
    ] = 128
    layers: Annotated[
        int, Field(ge=1, le=96, title="Layers", description="Layers of attention, one after another.")
    ] = 2
    heads: Annotated[
        int, Field(ge=1, le=256, title="Heads", description="Parts of the width that each look at other places.")
    ] = 4
    expansion: Annotated[
        int,
        Field(
            ge=1, le=64, title="Expansion", description="Width inside the linear layers, as a multiple of the width."
        ),
        Hint(advanced=True),
    ] = 4
    positions: Annotated[
        Literal["learned", "sinusoidal"],
        Field(title="Positions", description="How the network knows where in the sequence a token stands."),
        Hint(choices={"learned": "Learned", "sinusoidal": "Waves"}),
    ] = "learned"
    norm: Annotated[
        Literal["pre", "post"],
        Field(
            title="Normalization",
            description="Before each part, which trains without warming up, or behind it as in the original paper.",
        ),
        Hint(choices={"pre": "Before", "post": "Behind"}),
    ] = "pre"
    pooling: Annotated[
        Literal["mean", "first"],
        Field(title="Pooling", description="What stands for the whole sequence: the mean of its places or the first."),
        Hint(choices={"mean": "Mean", "first": "First"}),
    ] = "mean"
    activation: Activation = "gelu"
    dropout: Dropout = 0.1
    sees_padding: ClassVar[bool] = True  # of series

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> "TransformerSettings":
        if self.width % self.heads:
            message = UserError(
                "A width of {width} cannot be shared out among {heads} heads.",
                hint="Choose a width that is a multiple of the heads, such as {near}.",
                width=self.width,
                heads=self.heads,
                near=-(-self.width // self.heads) * self.heads,
            )
            raise ValueErrorOf(message)
        return self


@register(
    "transformer",
    settings=TransformerSettings,
    title="Transformer",
    summary="Every token looks at every other. Learns what belongs together, near or far.",
    inputs=("text", "series"),
    tasks=("classification", "multi_label", "regression", "forecasting", "masked_token"),
    default_for=(("text", "masked_token"), ("text", "regression")),
    presets={
        mark("Token ids to logits: 2 layers, 2 heads"): {"width": 64, "layers": 2, "heads": 2, "positions": "learned"},
        mark("Vaswani 2017, base"): {
            "width": 512, "layers": 6, "heads": 8, "positions": "sinusoidal", "norm": "post", "activation": "relu",
        },
    },
    tiny={"width": 16, "layers": 1, "heads": 2, "expansion": 2, "dropout": 0.0},
    takes_task=True,
    paper="Vaswani et al. 2017, Attention is all you need",
    picture=("input", "embedding", "linear", "linear", "linear"),
)  # fmt: skip
class Transformer(nn.Module):
    """Encode a sequence with layers of self-attention.

    Texts are ids (batch, T), 0 = padding; series are values (batch, T, channels), a step without any number = padding
    and single missing values count as zero. Padding changes no output. Gives (batch, outputs), or for masked tokens
    (batch, T, vocabulary).
    """

    head: ClassVar[str] = "output"

    def __init__(
        self, settings: TransformerSettings, inputs: Inputs, outputs: int, task: str = "classification"
    ) -> None:
        super().__init__()
        width = settings.width
        self.pooling = "none" if task == "masked_token" else settings.pooling
        self.reads_tokens = inputs.kind == "text"
        if self.reads_tokens:
            self.embedding: nn.Module = _small_embedding(inputs.vocabulary, width)
        else:
            self.embedding = nn.Linear(inputs.shape[1], width)
        self.positions = _positions(settings.positions, inputs.shape[0], width)
        self.dropout = nn.Dropout(settings.dropout)
        self.layers = nn.ModuleList(
            EncoderLayer(
                width,
                settings.heads,
                width * settings.expansion,
                bend=settings.activation,
                dropout=settings.dropout,
                norm=settings.norm,
            )
            for _ in range(settings.layers)
        )
        self.norm = nn.LayerNorm(width) if settings.norm == "pre" else nn.Identity()
        self.output = nn.Linear(width, outputs)

    def forward(self, sequence: Tensor) -> Tensor:
        if self.reads_tokens:
            real = sequence != 0
        else:
            missing = sequence.isnan()
            real = ~missing.all(dim=2)
            sequence = sequence.masked_fill(missing, 0.0)
        visible = seen(real)
        values = self.dropout(self.positions(self.embedding(sequence)))
        for layer in self.layers:
            values = layer(values, visible)
        values = self.norm(values)
        if self.pooling == "mean":
            values = mean_of(values, visible)
        elif self.pooling == "first":
            values = values[:, 0]
        return self.output(values)


def _small_embedding(vocabulary: int, width: int) -> nn.Embedding:
    """Return an embedding that starts small (Devlin et al. 2019: 0.02), where positions and meaning weigh alike."""
    embedding = nn.Embedding(vocabulary, width, padding_idx=0)
    with torch.no_grad():
        embedding.weight[1:].normal_(std=_START)
    return embedding


def _positions(kind: str, length: int, width: int) -> nn.Module:
    return LearnedPositions(length, width) if kind == "learned" else Waves(length, width)


class LearnedPositions(nn.Module):
    """Add a vector that is learned for each of `length` places: (batch, T, width) -> (batch, T, width)."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(length, width))
        nn.init.normal_(self.weight, std=_START)

    def forward(self, values: Tensor) -> Tensor:
        return values + self.weight[: values.shape[1]]


class Waves(nn.Module):
    """Add sines and cosines that tell places apart: (batch, T, width) -> (batch, T, width)."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.waves: Tensor
        self.register_buffer("waves", sinusoids(length, width), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        return values + self.waves[: values.shape[1]]
