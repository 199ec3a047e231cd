"""What things are called where a person reads of them: data, architectures, schedules."""

from collections.abc import Mapping
from typing import Any

from workbench.core.run_summary import data_name
from workbench.core.words import mark, tr

_SECTIONS = {"data": mark("Data"), "architecture": mark("Model")}


def architecture_title(catalogue: Mapping[str, Any], architecture: Mapping[str, Any]) -> str:
    """Return the title of the architecture, with the preset that these settings are; without a catalogue its kind.

    A preset that names the architecture stands alone ("VGG-11"), one that is how everybody begins is left out.
    """
    kind = str(architecture.get("kind", ""))
    entry = catalogue.get("architectures", {}).get(kind)
    if entry is None:
        return kind
    title, fields = tr(entry["title"]), entry["schema"].get("properties", {})
    begun = {name: field.get("default") for name, field in fields.items() if name != "kind"}
    settings = {name: _plain(architecture.get(name, default)) for name, default in begun.items()}
    for preset, values in entry.get("presets", {}).items():
        if settings != _listed({**begun, **values}):
            continue
        if title.casefold() in tr(preset).casefold():
            return tr(preset)
        if settings != _listed(begun):
            return tr("{architecture} ({preset})", architecture=title, preset=tr(preset))
    return title


def schedule_title(catalogue: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    """Return the title of the schedule in these training settings."""
    kind = str(training.get("schedule", {}).get("kind", ""))
    entry = catalogue.get("schedules", {}).get(kind)
    return tr(entry["title"]) if entry else kind


def recipe_line(catalogue: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """Return what a recipe is about, in a line: "digits · Convolutional"."""
    data = data_name(recipe.get("data", {}))
    return "  ·  ".join(part for part in (data, architecture_title(catalogue, recipe.get("architecture", {}))) if part)


def setting_title(catalogue: Mapping[str, Any], name: str, recipe: Mapping[str, Any]) -> str:
    """Return what the setting of this full name is called: "training.optimizer.learning_rate" is "Learning rate"."""
    section, _, rest = name.partition(".")
    if rest == "kind":
        return tr(_SECTIONS.get(section, name))
    schema = _schema_of(catalogue, section, recipe.get(section, {}))
    group = recipe.get(section, {})
    for part in rest.split("."):
        field = schema.get("properties", {}).get(part)
        if field is None:
            return tr("Optimizer") if rest == "optimizer.kind" else tr("Schedule") if rest == "schedule.kind" else name
        if "title" in field and part == rest.rpartition(".")[2]:
            return tr(field["title"])
        group = group.get(part, {}) if isinstance(group, Mapping) else {}
        schema = _schema_of(catalogue, part, group) or _referred(field, schema)
    return name


def kind_title(catalogue: Mapping[str, Any], name: str, kind: str) -> str:
    """Return what the kind that the setting of this full name chooses is called."""
    section = name.removesuffix(".kind").rpartition(".")[2]
    entry = (catalogue.get(section) or catalogue.get(f"{section}s") or {}).get(kind)
    return tr(entry["title"]) if entry else kind


def _schema_of(catalogue: Mapping[str, Any], section: str, group: Any) -> Mapping[str, Any]:
    """Return the schema of a section, or of what is chosen in it."""
    if section == "training":
        return catalogue["training"]["schema"]
    kinds = catalogue.get(section) or catalogue.get(f"{section}s") or {}
    kind = group.get("kind", "") if isinstance(group, Mapping) else ""
    return kinds.get(kind, {}).get("schema", {})


def _referred(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of a group of settings inside another."""
    reference = str(field.get("$ref", "")).rpartition("/")[2]
    definitions = schema.get("$defs", {})
    return {**definitions.get(reference, {}), "$defs": definitions}


def _listed(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in settings.items()}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
