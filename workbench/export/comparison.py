"""What a comparison of an export with its run found."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from workbench.core.words import Words


@dataclass(frozen=True)
class Comparison:
    """How near an export is to what it was made of.

    difference: the largest one, NaN where nothing could be compared. said: a sentence about it. row: what the card
    calls it. facts: plain values that say what was compared.
    """

    difference: float
    said: Words
    row: str
    facts: Mapping[str, Any]

    @property
    def shown(self) -> str:
        """The difference as the card says it."""
        return "not compared" if isnan(self.difference) else f"{self.difference:.2g}"
