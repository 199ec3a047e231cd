"""Convolutional network for texts (Kim 2014): filters of several widths slide over the words."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Dropout, Width
from workbench.networks.tokens import TokenSettings


class TextCnnSettings(TokenSettings):
    """How the text is cut up, and the filters that read it."""

    kind: Literal["textcnn"] = "textcnn"
    embedding: Annotated[
        Width, Field(title="Embedding", description="Numbers that stand for one token, learned from scratch.")
    ] = 128
    windows: Annotated[
        tuple[Annotated[int, Field(ge=1, le=64)], ...],
        Field(
            min_length=1,
            max_length=16,
            title="Windows",
            description="How many neighbouring tokens a filter reads at once.",
        ),
    ] = (1, 2, 3)  # short windows learn more from small data than the (3, 4, 5) of the paper
    filters: Annotated[Width, Field(title="Filters", description="Filters of each window.")] = 100
    dropout: Dropout = 0.5


@register(
    "textcnn",
    settings=TextCnnSettings,
    title="Text CNN",
    summary="Finds telling phrases. Quick to train on short texts.",
    inputs=("text",),
    tasks=("classification", "multi_label"),
    default_for=(("text", "classification"),),
    presets={
        mark("Words"): {"tokens": "word"},
        mark("Characters"): {"tokens": "character", "embedding": 64, "windows": (2, 3, 4, 5, 7)},
        mark("Kim 2014"): {"tokens": "word", "embedding": 300, "windows": (3, 4, 5), "filters": 100, "dropout": 0.5},
    },
    tiny={"embedding": 16, "filters": 16},
    paper="Kim 2014, Convolutional neural networks for sentence classification",
    picture=("input", "embedding", "conv", "pool", "linear"),
)
class TextCnn(nn.Module):
    """Embed tokens, convolve, keep each filter's maximum over time: (batch, length) -> logits (batch, outputs).

    Token 0 is padding and embeds to zeros. Weights start as PyTorch's layers set them: embeddings standard normal,
    filters uniform within 1/sqrt(inputs). A text shorter than a window is padded to it.
    """

    def __init__(self, settings: TextCnnSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(inputs.vocabulary, settings.embedding, padding_idx=0)
        self.windows = nn.ModuleList(
            nn.Conv1d(settings.embedding, settings.filters, window) for window in settings.windows
        )
        self.widest = max(settings.windows)
        self.activation = nn.ReLU()
        self.pool = nn.AdaptiveMaxPool1d(1)
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(settings.filters * len(settings.windows), outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        if tokens.shape[1] < self.widest:
            tokens = nn.functional.pad(tokens, (0, self.widest - tokens.shape[1]))
        embedded = self.embedding(tokens).transpose(1, 2)  # (batch, embedding, length)
        found = [self.pool(self.activation(window(embedded))).squeeze(2) for window in self.windows]
        return self.output(self.dropout(torch.cat(found, dim=1)))
