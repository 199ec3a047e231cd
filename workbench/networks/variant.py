"""What a decoder may do otherwise than GPT-2: each is a setting that any kind of decoder can offer."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from workbench.core.settings import Hint
from workbench.networks.layers import Activation

Positions = Annotated[
    Literal["learned", "rotary"],
    Field(
        title="Positions",
        description="How the network knows where a token stands: from a vector for each place, or from queries and "
        "keys that turn with their place.",
    ),
    Hint(advanced=True, choices={"learned": "Learned", "rotary": "Rotary"}),
]
Normalization = Annotated[
    Literal["layer", "rms"],
    Field(
        title="Normalization",
        description="What keeps the numbers of a token in range: their mean and spread, or their size alone.",
    ),
    Hint(advanced=True, choices={"layer": "Layer norm", "rms": "RMS norm"}),
]
QueryKeyNorm = Annotated[
    bool,
    Field(
        title="Normalized queries and keys",
        description="Whether attention compares directions alone; large learning rates do less harm then.",
    ),
    Hint(advanced=True),
]
ZeroStart = Annotated[
    bool,
    Field(
        title="Blocks begin at zero",
        description="Whether what blocks and an untied head add is nothing at first, so that the first steps are safe.",
    ),
    Hint(advanced=True),
]
TiedHead = Annotated[
    bool,
    Field(
        title="Tied head",
        description="Whether the last layer shares its weights with the embedding; of its own it learns faster.",
    ),
    Hint(advanced=True),
]
NGrams = Annotated[
    int,
    Field(
        ge=1,
        le=8,
        title="Tokens embedded together",
        description="How many of the last tokens have vectors of their own together; 1 is each alone. "
        "With characters, 3 or 4 learn many times faster.",
    ),
    Hint(advanced=True),
]
NGramRows = Annotated[
    int,
    Field(
        ge=16,
        le=10_000_000,
        title="Rows for tokens together",
        description="How many vectors there are for each number of tokens; the rarer ones share theirs.",
    ),
    Hint(advanced=True, log=True),
]


@dataclass(frozen=True)
class Variant:
    """The choices of a decoder; those left out are GPT-2's (Radford et al. 2019).

    rotary: Su et al. 2021. qk_norm: without weights (Henry et al. 2020, and Dehghani et al. 2023, section 2).
    zero_start: what writes into the residual stream begins at 0 (Zhang et al. 2019), and a head that is not tied.
    ngrams, ngram_rows: see `NGramEmbedding`.
    """

    positions: Literal["learned", "rotary"] = "learned"
    normalization: Literal["layer", "rms"] = "layer"
    qk_norm: bool = False
    activation: Activation = "gelu"
    zero_start: bool = False
    tied: bool = True
    ngrams: int = 1
    ngram_rows: int = 16_384
