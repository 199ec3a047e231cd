"""What a comparison of an export with its run found."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UserError
from workbench.core.words import Words

if TYPE_CHECKING:
    from workbench.export import Target


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


def not_kept(target: "Target", why: str, details: str) -> UserError:
    """Return the error of an export that does not do what it was made of does; why: a sentence, marked."""
    return UserError(
        why, hint="Choose another form, and report this: {title}.", details=details, title=Words(target.title)
    )
