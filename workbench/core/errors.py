"""Errors that a person can act on."""

from typing import Any

from workbench.core.words import Words, tr


class UserError(Exception):
    """Says what is wrong and what to do next.

    The message is a template with its values, so that it can be translated where it is shown; `hint` is the next
    step and takes the same values; `details` is technical text, one click away.
    """

    def __init__(self, message: str | Words, /, *, hint: str = "", details: str = "", **values: Any) -> None:
        self.message = message if isinstance(message, Words) else Words(message, values)
        self.hint = Words(hint, self.message.values)
        self.details = details
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
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "UserError":
        """Return the error that `to_plain` described."""
        values = {name: _from_plain(value) for name, value in plain.get("values", {}).items()}
        return cls(Words(plain["message"], values), hint=plain.get("hint", ""), details=plain.get("details", ""))


def _plain(value: object) -> Any:
    if isinstance(value, Words):
        return {"template": value.template, "values": {name: _plain(inner) for name, inner in value.values.items()}}
    return value if isinstance(value, int | float | str | bool) else str(value)


def _from_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return Words(value["template"], {name: _from_plain(inner) for name, inner in value["values"].items()})
    return value
