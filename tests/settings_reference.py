"""Writes resources/guide/settings.md, every setting there is, from the settings themselves:

python -m tests.settings_reference
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from workbench.core.paths import resources
from workbench.engine.settings import catalogue

_SECTIONS = (
    ("data", "data", "Data"),
    ("architectures", "architecture", "Architectures"),
    ("optimizers", "training.optimizer", "Optimizers"),
    ("schedules", "training.schedule", "Schedules"),
)
_TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "string": "text",
    "array": "list",
    "object": "group",
}
_BEGIN = """# Every setting

Written by `python -m tests.settings_reference` from the settings themselves; the same sentences stand in the window.
A recipe names a setting by its section, `--set` by its full name: `--set training.epochs=20`. What is left out has its
default. How each name stands in a file is shown by any run's `recipe.toml`.
"""


def page() -> str:
    """Return the page in Markdown."""
    found = catalogue()
    parts = [_BEGIN, "## Training: `[training]`\n", _table(found["training"]["schema"])]
    for name, section, heading in _SECTIONS:
        parts.append(f"## {heading}: `[{section}]`\n")
        for kind, entry in found[name].items():
            parts.append(f'### {entry["title"]}: `kind = "{kind}"`\n\n{entry["summary"]}\n')
            parts.append(_table(entry["schema"]))
    return "\n".join(part for part in parts if part)


def place() -> Path:
    """Return where the page belongs."""
    return resources() / "guide" / "settings.md"


def _table(schema: Mapping[str, Any]) -> str:
    lines = [f"| `{name}` | {_values(field)} | {_default(field)} | {_says(field)} |" for name, field in _rows(schema)]
    if not lines:
        return "It has no settings.\n"
    return "\n".join(["| Setting | Values | Default | What it does |", "|---|---|---|---|", *lines]) + "\n"


def _rows(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the settings of a schema by name; those of a group follow with its name before them."""
    groups = schema.get("$defs", {})
    for name, field in schema.get("properties", {}).items():
        group = groups.get(field.get("$ref", "").rpartition("/")[2])
        if group:
            yield from ((f"{name}.{inner}", of_group) for inner, of_group in _rows({**group, "$defs": groups}))
        elif name != "kind":
            yield name, field


def _values(field: Mapping[str, Any]) -> str:
    if "registry" in field:
        return "group with a `kind`"
    if "enum" in field or "const" in field:
        return ", ".join(_code(value) for value in field.get("enum", [field.get("const")]))
    if "anyOf" in field:
        return " or ".join(_values(choice) for choice in field["anyOf"])
    words = _TYPES[field["type"]] + (f" like `{field['pattern']}`".replace("|", "\\|") if "pattern" in field else "")
    if field["type"] == "array" and "items" in field:
        return f"list of: {_values(field['items'])}"
    unit = {"s": "seconds"}.get(unit := field.get("hint", {}).get("unit", ""), unit)
    return f"{words}{_range(field)}" + (f", in {unit}" if unit else "")


def _range(field: Mapping[str, Any]) -> str:
    words = (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"), ("exclusiveMaximum", "to below"))
    return "".join(f" {word} {field[name]:,}" for name, word in words if name in field)


def _default(field: Mapping[str, Any]) -> str:
    if "registry" in field:
        return f'`kind = "{field["default_kind"]}"`'
    return _code(field["default"]) if "default" in field else "must be given"


def _code(value: Any) -> str:
    """Return the value as it stands in a recipe."""
    if value == []:
        return "`[]`"
    written = " ".join(tomli_w.dumps({"value": value}).removeprefix("value = ").split())
    return f"`{written.replace('[ ', '[').replace(', ]', ']').replace(',]', ']')}`"


def _says(field: Mapping[str, Any]) -> str:
    return f"**{field['title']}.** {field.get('description', '')}".strip().replace("|", "\\|")


if __name__ == "__main__":
    place().write_text(page(), encoding="utf-8", newline="\n")
