"""BERT: an encoder that reads a text in both directions (Devlin et al. 2018), through transformers' own classes."""

from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Dropout, Width
from workbench.networks.tokens import TokenSettings


class BertSettings(TokenSettings):
    """How the text is cut up, and the size of the encoder."""

    kind: Literal["bert"] = "bert"
    trims_texts: ClassVar[bool] = True  # padding changes nothing, and need not be there
    special: ClassVar[tuple[str, ...]] = ("cls", "sep", "mask")  # the marks around a text, and what hides a token
    tokens: Annotated[
        Literal["wordpiece", "bpe", "word", "character"],
        Field(title="Tokens", description="What a text is cut into."),
        Hint(
            choices={"wordpiece": "WordPiece", "bpe": "Byte pairs", "word": "Words", "character": "Characters"},
        ),
    ] = "wordpiece"
    vocabulary: Annotated[
        int,
        Field(ge=10, le=1_000_000, title="Vocabulary", description="How many different tokens are kept at most."),
        Hint(log=True),
    ] = 8_000
    length: Annotated[
        Literal["auto"] | Annotated[int, Field(ge=3, le=65536)],
        Field(
            title="Length",
            description="Tokens of a text that are read; what follows is cut off. "
            "Automatic takes what nearly all training texts need.",
        ),
        Hint(choices={"auto": "Automatic"}),
    ] = 128
    layers: Annotated[int, Field(ge=1, le=256, title="Layers", description="Layers of the encoder.")] = 4
    width: Annotated[Width, Field(title="Width", description="Numbers that stand for one token in every layer.")] = 256
    heads: Annotated[
        int, Field(ge=1, le=256, title="Heads", description="Parts into which attention divides the width.")
    ] = 4
    feedforward: Annotated[
        Width, Field(title="Feed-forward width", description="Width between the two linear layers of each layer.")
    ] = 1024
    dropout: Dropout = 0.1
    positions: Annotated[
        int,
        Field(
            ge=3,
            le=65536,
            title="Positions",
            description="Tokens of the longest text that the network could ever read.",
        ),
        Hint(advanced=True),
    ] = 512
    next_sentence: Annotated[
        bool,
        Field(
            title="Next sentence",
            description="When masked tokens are learned, also tell whether the second half of a text "
            "follows the first.",
        ),
        Hint(advanced=True),
    ] = False

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> "BertSettings":
        if self.width % self.heads:
            error = UserError(
                "A width of {width} cannot be divided among {heads} heads.",
                hint="Choose a width that is a multiple of the heads.",
                width=self.width,
                heads=self.heads,
            )
            raise ValueErrorOf(error)
        return self

    def why_not_private(self) -> UserError | None:
        """Return why it cannot be trained privately, or None."""
        if not self.next_sentence:
            return None
        return UserError(
            "Whether a sentence follows is learned from pairs of samples, and private training must keep each apart.",
            hint="Learn without the next sentence, on the Model page.",
        )


@register(
    "bert",
    settings=BertSettings,
    title="BERT",
    summary="Reads a text in both directions. Learns from masked tokens, then from few labels.",
    inputs=("text",),
    tasks=("masked_token", "classification", "multi_label"),
    default_for=(("text", "masked_token"),),
    takes_task=True,
    presets={
        mark("BERT tiny"): {"layers": 2, "width": 128, "heads": 2, "feedforward": 512},
        mark("BERT mini"): {"layers": 4, "width": 256, "heads": 4, "feedforward": 1024},
        mark("BERT small"): {"layers": 4, "width": 512, "heads": 8, "feedforward": 2048},
        mark("BERT base"): {
            "layers": 12,
            "width": 768,
            "heads": 12,
            "feedforward": 3072,
            "vocabulary": 30522,
            "length": 512,
        },
    },
    tiny={"layers": 1, "width": 32, "heads": 2, "feedforward": 64, "vocabulary": 400, "length": 32, "positions": 64},
    paper="Devlin et al. 2018, BERT: pre-training of deep bidirectional transformers for language understanding",
    picture=("input", "embedding", "attention", "linear"),
)
class Bert(nn.Module):
    """Encode tokens and tell them, or the class of the text: (batch, length) ids -> one tensor.

    Token 0 is padding, and no token looks at it. An id of `vocabulary` or more is the token id - vocabulary in the
    second segment. task "masked_token": logits (batch, length, vocabulary) from weights tied to the embedding; with
    `next_sentence` (batch, length + 1, vocabulary), where the first two entries of the last place are the logits of
    "follows" and "does not follow" and the others 0. Otherwise (batch, outputs), from the first token. Parameters are
    named as in transformers' BertForMaskedLM, BertForPreTraining and BertForSequenceClassification, and start as these
    set them: normal with deviation 0.02. Raises UserError when a text is longer than there are positions.
    """

    def __init__(self, settings: BertSettings, inputs: Inputs, outputs: int, task: str = "classification") -> None:
        super().__init__()
        length = inputs.shape[0] if inputs.shape else 0
        if length > settings.positions:
            raise UserError(
                "Texts of {length} tokens are longer than the {positions} positions of the network.",
                hint="Choose a shorter length, or more positions.",
                length=length,
                positions=settings.positions,
            )
        self.vocabulary = inputs.vocabulary
        self.masked = task == "masked_token"
        self.next_sentence = self.masked and settings.next_sentence
        model = transformers_model(settings, inputs.vocabulary, outputs, self.masked)
        self.bert: nn.Module = model.bert
        if self.masked:
            self.cls: nn.Module = model.cls
            self.head = "cls"
        else:
            self.dropout: nn.Module = model.dropout
            self.classifier: nn.Module = model.classifier
            self.head = "classifier"

    def forward(self, tokens: Tensor) -> Tensor:
        second = (tokens >= self.vocabulary).long()
        tokens = tokens - second * self.vocabulary
        encoded = self.bert(input_ids=tokens, token_type_ids=second, attention_mask=readable(tokens), return_dict=True)
        hidden: Tensor = encoded.last_hidden_state
        if not self.masked:
            return self.classifier(self.dropout(encoded.pooler_output))
        if not self.next_sentence:
            return self.cls(hidden)
        logits, follows = self.cls(hidden, encoded.pooler_output)
        follows = nn.functional.pad(follows, (0, logits.shape[-1] - 2))
        return torch.cat([logits, follows[:, None]], dim=1)


def readable(tokens: Tensor) -> Tensor:
    """Return where attention may look: ids (batch, length) -> bool (batch, 1, length, length), True but for padding.

    The first token can always be seen, so that an empty text is no division by nothing.
    """
    there = tokens != 0
    there = torch.cat([torch.ones_like(there[:, :1]), there[:, 1:]], dim=1)
    return there[:, None, None, :].expand(-1, 1, tokens.shape[1], -1)


def transformers_model(settings: BertSettings, vocabulary: int, outputs: int, masked: bool) -> Any:
    """Return transformers' model for these settings, with fresh weights."""
    from transformers.models.bert.configuration_bert import BertConfig  # takes seconds to import
    from transformers.models.bert.modeling_bert import (
        BertForMaskedLM,
        BertForPreTraining,
        BertForSequenceClassification,
    )

    make: Any = BertConfig  # whose arguments only transformers knows
    config = make(
        vocab_size=vocabulary,
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=settings.feedforward,
        hidden_dropout_prob=settings.dropout,
        attention_probs_dropout_prob=settings.dropout,
        max_position_embeddings=settings.positions,
        num_labels=outputs if not masked else 2,
        attn_implementation="sdpa",
    )
    if not masked:
        return BertForSequenceClassification(config)
    return (BertForPreTraining if settings.next_sentence else BertForMaskedLM)(config)
