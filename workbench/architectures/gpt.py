"""GPT: a decoder that tells which token follows, and so writes texts (Radford et al. 2019)."""

from dataclasses import fields
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from workbench.architectures import register
from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.causal import Decoder, from_gpt2
from workbench.networks.layers import Activation, Dropout, Width
from workbench.networks.variant import (
    NGramRows,
    NGrams,
    Normalization,
    Positions,
    QueryKeyNorm,
    TiedHead,
    Variant,
    ZeroStart,
)


class GPTSettings(Settings):
    """How the text is cut up, and the size of the decoder."""

    kind: Literal["gpt"] = "gpt"
    special: ClassVar[tuple[str, ...]] = ("end",)  # of parts of words: what stands between two texts

    tokens: Annotated[
        Literal["bpe", "character", "wordpiece", "word", "pretrained"],
        Field(
            title="Tokens",
            description="What a text is cut into. Parts of words learn fastest, characters need no vocabulary.",
        ),
        Hint(
            choices={
                "bpe": "Byte pairs",
                "character": "Characters",
                "wordpiece": "WordPiece",
                "word": "Words",
                "pretrained": "A tokenizer from elsewhere",
            }
        ),
    ] = "bpe"
    vocabulary: Annotated[
        int,
        Field(
            ge=3,
            le=1_000_000,
            title="Vocabulary",
            description="How many different tokens are kept at most; byte pairs have at least the 256 bytes.",
        ),
        Hint(log=True),
    ] = 1000
    tokenizer: Annotated[
        str,
        Field(
            title="Tokenizer",
            description="A tokenizer.json, or the folder it lies in, when the tokens come from elsewhere.",
        ),
        Hint(advanced=True, chooser="path"),
    ] = ""
    context: Annotated[
        int,
        Field(ge=2, le=65536, title="Context", description="How many tokens back the network looks."),
    ] = 64
    layers: Annotated[int, Field(ge=1, le=256, title="Layers", description="Blocks, one after another.")] = 4
    heads: Annotated[
        int, Field(ge=1, le=256, title="Heads", description="Parts of the width that each look at other tokens.")
    ] = 4
    width: Annotated[Width, Field(title="Width", description="Numbers that stand for one token in every layer.")] = 128
    dropout: Dropout = 0.0
    bias: Annotated[
        bool,
        Field(title="Bias", description="Whether linear layers and normalizations add a number of their own."),
        Hint(advanced=True),
    ] = True
    positions: Positions = "learned"
    normalization: Normalization = "layer"
    qk_norm: QueryKeyNorm = False
    activation: Activation = "gelu"
    zero_start: ZeroStart = False
    tied: TiedHead = True
    ngrams: NGrams = 1
    ngram_rows: NGramRows = 16_384

    @model_validator(mode="after")
    def _parts_fit(self) -> "GPTSettings":
        if self.width % self.heads:
            message = UserError(
                "A width of {width} cannot be shared out among {heads} heads.",
                hint="Choose a width that is a multiple of the heads, such as {near}.",
                width=self.width,
                heads=self.heads,
                near=-(-self.width // self.heads) * self.heads,
            )
            raise ValueErrorOf(message)
        if self.positions == "rotary" and self.width // self.heads % 2:
            message = UserError(
                "Rotary positions turn pairs of numbers, and a head of {width} is odd.",
                hint="Choose a width that is an even multiple of the heads, or learned positions.",
                width=self.width // self.heads,
            )
            raise ValueErrorOf(message)
        if self.tokens == "pretrained" and not self.tokenizer:
            message = UserError(
                "It is not said where the tokenizer lies.",
                hint="Choose a tokenizer.json for the setting Tokenizer, or other tokens.",
            )
            raise ValueErrorOf(message)
        return self

    @property
    def length(self) -> int:
        """How many tokens are read at once: the context."""
        return self.context

    def own_preprocessing(self, dataset: Any) -> dict[str, Any] | None:
        """Return in plain values the tokenizer from elsewhere, or None where one is fitted to the texts."""
        if self.tokens != "pretrained":
            return None
        return {"kind": "subwords", "path": self.tokenizer, "length": self.context}


_GPT2 = {"tokens": "bpe", "vocabulary": 50_257, "context": 1024, "dropout": 0.1}


@register(
    "gpt",
    settings=GPTSettings,
    title="GPT",
    summary="Tells which token follows, one after the other. Writes texts like those it read.",
    inputs=("text",),
    tasks=("next_token",),
    default_for=(("text", "next_token"),),
    presets={
        mark("Small: characters"): {"tokens": "character"},
        mark("Small: parts of words"): {"tokens": "bpe"},
        mark("Middle"): {"vocabulary": 8000, "context": 256, "layers": 6, "heads": 6, "width": 384, "dropout": 0.2},
        mark("GPT-2"): {**_GPT2, "layers": 12, "heads": 12, "width": 768},
    },
    tiny={"tokens": "character", "context": 16, "layers": 1, "heads": 2, "width": 16},
    paper="Radford et al. 2019, Language models are unsupervised multitask learners",
    picture=("input", "embedding", "attention", "attention", "linear"),
)
class GPT(Decoder):
    """Ids (batch, T) -> logits of the token that follows each of them (batch, T, vocabulary).

    The layers are those of GPT-2, whose weights `networks.causal.from_gpt2` takes over by name. `continued` goes on
    from where it stopped reading.
    """

    head: ClassVar[str] = "output"
    renamed = staticmethod(from_gpt2)  # weights of transformers' GPT-2, under the names here

    def __init__(self, settings: GPTSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__(
            vocabulary=inputs.vocabulary,
            outputs=outputs,
            context=inputs.shape[0],
            layers=settings.layers,
            heads=settings.heads,
            width=settings.width,
            dropout=settings.dropout,
            bias=settings.bias,
            variant=Variant(**{field.name: getattr(settings, field.name) for field in fields(Variant)}),
        )
