"""What things are called where a person reads of them: data, architectures, schedules."""

from collections.abc import Mapping
from typing import Any

from workbench.core.run_summary import data_name
from workbench.core.words import tr


def architecture_title(catalogue: Mapping[str, Any], architecture: Mapping[str, Any]) -> str:
    """Return the preset that these settings are, else the title of their kind; the kind itself without a catalogue."""
    kind = str(architecture.get("kind", ""))
    entry = catalogue.get("architectures", {}).get(kind)
    if entry is None:
        return kind
    for preset, values in entry.get("presets", {}).items():
        fields = entry["schema"].get("properties", {})
        whole = {name: field.get("default") for name, field in fields.items() if name != "kind"} | values
        if all(_plain(architecture.get(name, whole[name])) == _plain(whole[name]) for name in whole):
            return tr(preset)
    return tr(entry["title"])


def schedule_title(catalogue: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    """Return the title of the schedule in these training settings."""
    kind = str(training.get("schedule", {}).get("kind", ""))
    entry = catalogue.get("schedules", {}).get(kind)
    return tr(entry["title"]) if entry else kind


def recipe_line(catalogue: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """Return what a recipe is about, in a line: "digits · DCNN 28×28"."""
    data = data_name(recipe.get("data", {}))
    return "  ·  ".join(part for part in (data, architecture_title(catalogue, recipe.get("architecture", {}))) if part)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
