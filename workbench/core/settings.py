"""Settings, declared once: forms, files, flags, checks and documentation all read the same declaration.

A setting is a field of a frozen `Settings` class, typed as `Annotated[type, Field(ge=…, title=…, description=…),
Hint(…)]` with a default. `Settings.model_json_schema()` is what a form is built from.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError
from pydantic.fields import FieldInfo

from workbench.core.errors import UserError
from workbench.core.words import Words, mark


class Settings(BaseModel):
    """Values a person chose: frozen, complete with defaults; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


@dataclass(frozen=True)
class Hint:
    """What a form needs to know beyond type and range; it appears in the JSON schema under "hint".

    log: steps multiply instead of adding. unit: shown behind the value. advanced: folded away. chooser: a file dialog
    beside the field. choices: a label for each value of a Literal, or for each word that stands for something in a
    field of texts. hidden: in files only, never in a form. inputs: the only kind of inputs for which the setting
    matters, such as text. adjustable: a run that goes on may get another value. scripted: an exported script does as it
    says, or comes out the same without it; a run with any other setting has no script.
    """

    log: bool = False
    unit: str = ""
    advanced: bool = False
    hidden: bool = False
    adjustable: bool = False
    scripted: bool = False
    inputs: str = ""
    chooser: Literal["", "file", "folder", "path"] = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        schema["hint"] = {name: value for name, value in asdict(self).items() if value}
        return schema


def hint_of(declared: FieldInfo) -> Hint:
    """Return the hint of a field; one without gets an empty one."""
    return next((part for part in declared.metadata if isinstance(part, Hint)), Hint())


def hints(settings: Settings, section: str = "") -> Iterator[tuple[str, Hint]]:
    """Yield the hint of each setting under its full name, of those in sections, too."""
    for name, declared in type(settings).model_fields.items():
        full, value = f"{section}.{name}" if section else name, getattr(settings, name)
        yield full, hint_of(declared)
        if isinstance(value, Settings):
            yield from hints(value, full)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the one of `names` that `name` was probably meant to be, or an empty text."""
    return next(iter(get_close_matches(name, list(names), n=1, cutoff=0.5)), "")


def overridden(plain: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Return nested `plain` with `section.name=value` assignments applied; a value is TOML, or else a plain text.

    Raises UserError for an assignment without a name or an equals sign, or one that reaches into a value.
    """
    result = _copied(plain)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        names = key.strip().split(".")
        if not equals or not all(names):
            raise UserError(
                "{assignment} does not set anything.",
                hint="Write a name, an equals sign and a value, such as training.epochs=3.",
                assignment=assignment,
            )
        place = result
        for name in names[:-1]:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise UserError("{name} in {key} is a value, not a group of settings.", name=name, key=key)
        if names[-1] == "kind" and place.get("kind") != text.strip():
            place.clear()  # what belonged to another kind means nothing to this one
        place[names[-1]] = _toml_value(text.strip())
    return result


def worded(error: ValidationError, section: str = "") -> UserError:
    """Return pydantic's findings as one message a person can act on: the first in full, the others counted."""
    findings = error.errors()
    first = findings[0]
    place = ".".join(str(part) for part in (*section.split("."), *first["loc"]) if part != "" and _is_name(part))
    inner = first.get("ctx", {}).get("error")
    if isinstance(inner, UserError):
        return inner
    template, values = _WORDED.get(first["type"], (mark("{name}: {reason}."), ()))
    context = {name: first.get("ctx", {}).get(name, "") for name in values}
    reason = str(inner) if isinstance(inner, Exception) else first["msg"].removeprefix("Value error, ")
    more = (
        len({tuple(filter(_is_name, finding["loc"])) for finding in findings}) - 1
    )  # not once for each type it may be
    message = Words(template, {"name": place or section, "given": _shown(first["input"]), "reason": reason, **context})
    if more:
        return UserError("{first} ({more} more)", first=message, more=more)
    return UserError(message)


def _is_name(part: object) -> bool:
    return isinstance(part, int) or (isinstance(part, str) and part.isidentifier())


def _shown(value: object) -> str:
    return str(value) if len(str(value)) < 60 else str(value)[:57] + "…"


_WORDED: dict[str, tuple[str, tuple[str, ...]]] = {
    "greater_than_equal": (mark("{name} must be at least {ge}, but is {given}."), ("ge",)),
    "model_type": (mark("{name} is a group of settings, not a value: set one in it."), ()),
    "model_attributes_type": (mark("{name} is a group of settings, not a value: set one in it."), ()),
    "dict_type": (mark("{name} is a group of settings, not a value: set one in it."), ()),
    "greater_than": (mark("{name} must be more than {gt}, but is {given}."), ("gt",)),
    "less_than_equal": (mark("{name} must be at most {le}, but is {given}."), ("le",)),
    "less_than": (mark("{name} must be less than {lt}, but is {given}."), ("lt",)),
    "literal_error": (mark("{name} must be one of {expected}, but is {given}."), ("expected",)),
    "int_parsing": (mark("{name} must be a whole number, but is {given}."), ()),
    "int_type": (mark("{name} must be a whole number, but is {given}."), ()),
    "int_from_float": (mark("{name} must be a whole number, but is {given}."), ()),
    "float_parsing": (mark("{name} must be a number, but is {given}."), ()),
    "float_type": (mark("{name} must be a number, but is {given}."), ()),
    "finite_number": (mark("{name} must be a finite number, but is {given}."), ()),
    "bool_parsing": (mark("{name} must be true or false, but is {given}."), ()),
    "string_type": (mark("{name} must be a text, but is {given}."), ()),
    "string_too_short": (mark("{name} must not be empty."), ()),
    "too_short": (mark("{name} needs at least {min_length} values."), ("min_length",)),
    "too_long": (mark("{name} takes at most {max_length} values."), ("max_length",)),
    "tuple_type": (mark("{name} must be a list of values, but is {given}."), ()),
    "missing": (mark("{name} is missing."), ()),
}


def refuse_unknown(plain: Mapping[str, Any], settings: type[Settings], section: str) -> None:
    """Raise UserError when `plain` has a name that `settings` does not know, with the nearest name it does."""
    for name in plain:
        if name not in settings.model_fields:
            near = nearest(name, settings.model_fields)
            place = f"{section}.{name}" if section else name
            hint = mark("Did you mean {near}?") if near else mark("Known here: {known}.")
            known = ", ".join(settings.model_fields)
            raise UserError("There is no setting {place}.", hint=hint, place=place, near=near, known=known)


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _copied(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) if isinstance(value, Mapping) else value for name, value in plain.items()}
