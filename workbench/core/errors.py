"""Errors that a person can act on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.core.words import Words, tr


@dataclass(frozen=True)
class Mend:
    """Settings by full name with which an error is gone, and what a button says that sets them."""

    title: str
    settings: Mapping[str, Any]


class UserError(Exception):
    """Says what is wrong and what to do next.

    The message is a template with its values, so that it can be translated where it is shown; `hint` is the next
    step and takes the same values; `details` is technical text, one click away; `mend` is what would set it right at
    a click, where there is such a thing.
    """

    def __init__(
        self, message: str | Words, /, *, hint: str = "", details: str = "", mend: Mend | None = None, **values: Any
    ) -> None:
        self.message = message if isinstance(message, Words) else Words(message, values)
        self.hint = Words(hint, self.message.values)
        self.details = details
        self.mend = mend
        super().__init__(str(self.message))

    def translated(self) -> str:
        """Return message and hint in the chosen language, as one text."""
        return " ".join(part for part in (tr(self.message), tr(self.hint)) if part)

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON; `from_plain` is the way back."""
        return {
            "message": self.message.template,
            "hint": self.hint.template,
            "values": {name: _plain(value) for name, value in self.message.values.items()},
            "details": self.details,
            **({"mend": {"title": self.mend.title, "settings": dict(self.mend.settings)}} if self.mend else {}),
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "UserError":
        """Return the error that `to_plain` described."""
        values = {name: _from_plain(value) for name, value in plain.get("values", {}).items()}
        mend = Mend(**plain["mend"]) if "mend" in plain else None
        words = Words(plain["message"], values)
        return cls(words, hint=plain.get("hint", ""), details=plain.get("details", ""), mend=mend)


def _plain(value: object) -> Any:
    if isinstance(value, Words):
        return {"template": value.template, "values": {name: _plain(inner) for name, inner in value.values.items()}}
    return value if isinstance(value, int | float | str | bool) else str(value)


def _from_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return Words(value["template"], {name: _from_plain(inner) for name, inner in value["values"].items()})
    return value
