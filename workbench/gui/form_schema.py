"""Reads the JSON schema of a settings class into the fields of a form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.gui.form_texts import Limits

Kind = Literal["number", "switch", "choice", "text", "path", "list", "group", "registry"]


@dataclass(frozen=True)
class Field:
    """One setting as a form shows it; titles and labels are templates, translated where they are shown.

    words: texts that stand for something, beside numbers or names ("auto"). choices: (value, label). of: the type of a
    list's items. fields: those of a group. registry: where the kinds of a chosen thing are listed.
    """

    name: str
    kind: Kind
    title: str
    description: str = ""
    default: Any = None
    hint: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    words: tuple[str, ...] = ()
    choices: tuple[tuple[Any, str], ...] = ()
    of: Literal["number", "text"] = "number"
    fewest: int = 0
    most: int | None = None
    fields: tuple["Field", ...] = ()
    registry: str = ""
    default_kind: str = ""

    def label(self, word: str) -> str:
        """Return the template of what one of `words` is called."""
        return self.hint.get("choices", {}).get(word) or _readable(word)

    @property
    def advanced(self) -> bool:
        """Whether the setting is folded away."""
        return bool(self.hint.get("advanced"))


@dataclass(frozen=True)
class Fields:
    """What a schema says: the fields to show, and the values that are fixed by it ("kind")."""

    shown: tuple[Field, ...]
    fixed: Mapping[str, Any]
    hidden: frozenset[str] = frozenset()


def fields_of(schema: Mapping[str, Any], definitions: Mapping[str, Any] | None = None) -> Fields:
    """Return the fields of a schema as `Settings.model_json_schema()` makes it.

    Raises ValueError for a type that forms do not know, so that a test over all settings finds it.
    """
    known: Mapping[str, Any] = schema.get("$defs", {}) if definitions is None else definitions
    shown, fixed, hidden = [], {}, set()
    for name, part in schema.get("properties", {}).items():
        whole = _resolved(part, known)
        if "const" in whole:
            fixed[name] = whole["const"]
        elif whole.get("hint", {}).get("hidden"):
            hidden.add(name)
        else:
            shown.append(_field(name, whole, known))
    return Fields(tuple(shown), fixed, frozenset(hidden))


def _field(name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Field:
    common: dict[str, Any] = {
        "name": name,
        "title": schema.get("title") or name.replace("_", " ").capitalize(),
        "description": schema.get("description", ""),
        "default": schema.get("default"),
        "hint": schema.get("hint", {}),
    }
    if "registry" in schema:
        return Field(
            kind="registry", registry=schema["registry"], default_kind=schema.get("default_kind", ""), **common
        )
    if "properties" in schema:
        inner = fields_of(schema, definitions)
        return Field(kind="group", fields=inner.shown, **common)
    parts = [_resolved(part, definitions) for part in schema.get("anyOf", ())] or [schema]
    words = tuple(str(word) for part in parts for word in _literals(part))
    others = [part for part in parts if not _literals(part)]
    if not others:
        values = [value for part in parts for value in _literals(part)]
        labels = schema.get("hint", {}).get("choices", {})
        choices = tuple((value, labels.get(str(value), _readable(value))) for value in values)
        return Field(kind="choice", choices=choices, **common)
    return _typed(others, words, common, definitions)


def _typed(
    parts: list[Mapping[str, Any]], words: tuple[str, ...], common: dict[str, Any], definitions: Mapping[str, Any]
) -> Field:
    types = [part.get("type") for part in parts]
    part = parts[0]
    if types == ["boolean"]:
        return Field(kind="switch", **common)
    if all(kind in ("integer", "number") for kind in types):
        return Field(kind="number", limits=_limits(parts), words=words, **common)
    if "string" in types:
        chooser = common["hint"].get("chooser") or part.get("format") == "path"
        fewest = int(part.get("minLength", 0))
        words = words or tuple(common["hint"].get("choices", ()))
        return Field(
            kind="path" if chooser else "text", words=words, fewest=fewest, most=part.get("maxLength"), **common
        )
    if types == ["array"]:
        items = [_resolved(item, definitions) for item in part.get("prefixItems", ())] or [part.get("items", {})]
        item = _resolved(items[0], definitions)
        of: Literal["number", "text"] = "number" if item.get("type") in ("integer", "number") else "text"
        limits = _limits([item]) if of == "number" else Limits()
        fewest, most = int(part.get("minItems", 0)), part.get("maxItems")
        return Field(kind="list", of=of, limits=limits, fewest=fewest, most=most, words=words, **common)
    raise ValueError(f"a form has no field for {common['name']}: {types}")


def _limits(parts: list[Mapping[str, Any]]) -> Limits:
    whole = all(part.get("type") == "integer" for part in parts)
    return Limits(
        whole=whole,
        low=_limit(parts, "minimum"),
        above=_limit(parts, "exclusiveMinimum"),
        high=_limit(parts, "maximum"),
        below=_limit(parts, "exclusiveMaximum"),
    )


def _limit(parts: list[Mapping[str, Any]], name: str) -> float | None:
    return next((part[name] for part in parts if name in part), None)


def _literals(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `schema` with what its `$ref` points to; what stands beside the reference wins."""
    if "$ref" in schema:
        target = definitions[schema["$ref"].rsplit("/", 1)[-1]]
        return {**_resolved(target, definitions), **{name: value for name, value in schema.items() if name != "$ref"}}
    if len(schema.get("allOf", ())) == 1:
        rest = {name: value for name, value in schema.items() if name != "allOf"}
        return {**_resolved(schema["allOf"][0], definitions), **rest}
    return schema


def _readable(value: Any) -> str:
    text = str(value).replace("_", " ")
    return text[:1].upper() + text[1:]
