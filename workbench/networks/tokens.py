"""The settings with which an architecture asks for its text."""

from typing import Annotated, Literal

from pydantic import Field

from workbench.core.settings import Hint, Settings


class TokenSettings(Settings):
    """How a text becomes numbers; the settings of an architecture for texts extend this."""

    tokens: Annotated[
        Literal["word", "character", "bpe", "wordpiece"],
        Field(title="Tokens", description="What a text is cut into."),
        Hint(
            choices={"word": "Words", "character": "Characters", "bpe": "Byte pairs", "wordpiece": "WordPiece"},
            inputs="text",
        ),
    ] = "word"
    vocabulary: Annotated[
        int,
        Field(
            ge=3,
            le=1_000_000,
            title="Vocabulary",
            description="How many different tokens are kept at most, the most frequent first.",
        ),
        Hint(log=True, inputs="text"),
    ] = 20_000
    length: Annotated[
        Literal["auto"] | Annotated[int, Field(ge=1, le=65536)],
        Field(
            title="Length",
            description="Tokens of a text that are read; what follows is cut off. "
            "Automatic takes what nearly all training texts need.",
        ),
        Hint(choices={"auto": "Automatic"}, inputs="text"),
    ] = "auto"
