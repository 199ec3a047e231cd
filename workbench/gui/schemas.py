"""Parts of a JSON schema of settings, for pages that show them in different places."""

from collections.abc import Mapping, Sequence
from typing import Any


def without(schema: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the schema without the fields of these names."""
    fields = {name: field for name, field in schema.get("properties", {}).items() if name not in names}
    return {**schema, "properties": fields}


def group(schema: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return the schema of a group of settings inside another, or None when there is no such group."""
    field = schema.get("properties", {}).get(name)
    if field is None:
        return None
    pointer = next((entry["$ref"] for entry in (field, *field.get("allOf", ())) if "$ref" in entry), "")
    definitions = schema.get("$defs", {})
    return {**definitions.get(pointer.rpartition("/")[2], field), "$defs": definitions}


def defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default of every field that has one, without the kind."""
    fields = schema.get("properties", {})
    return {name: field["default"] for name, field in fields.items() if "default" in field and name != "kind"}
