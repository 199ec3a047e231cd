"""What goes into a network and what comes out: the terms in which data and architectures find each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

InputKind = Literal["image", "text", "table", "series"]
SPLITS = ("training", "validation", "test")


@dataclass(frozen=True)
class Inputs:
    """One sample as a network takes it.

    shape: image (channels, height, width); text (length,) in tokens; table (features,); series (time, channels); or ()
    as long as preprocessing has not decided it. vocabulary: number of different tokens of a text.
    """

    kind: InputKind
    shape: tuple[int, ...]
    vocabulary: int = 0

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON; `from_plain` is the way back."""
        return {"kind": self.kind, "shape": list(self.shape), "vocabulary": self.vocabulary}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Inputs":
        """Return the inputs that `to_plain` described."""
        return cls(plain["kind"], tuple(plain["shape"]), plain.get("vocabulary", 0))
