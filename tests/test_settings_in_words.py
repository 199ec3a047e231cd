"""Everything that can be set explains itself, in words that can be translated."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import translations
from workbench.engine.settings import catalogue

SECTIONS = ("data", "architectures", "optimizers", "schedules")


def fields(schema: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every field that a form shows, those of nested groups included."""
    groups = schema.get("$defs", {})
    for part in (schema, *groups.values()):
        for name, field in part.get("properties", {}).items():
            if "$ref" in field:  # what stands beside the reference wins, as in the form
                field = {**groups[field["$ref"].rsplit("/", 1)[-1]], **field}
            if name != "kind" and not field.get("hint", {}).get("hidden"):
                yield f"{place}.{name}", field


def all_fields() -> list[tuple[str, dict[str, Any]]]:
    found = catalogue()
    entries = [(f"{section}.{kind}", entry) for section in SECTIONS for kind, entry in found[section].items()]
    entries.append(("training", found["training"]))
    return [pair for place, entry in entries for pair in fields(entry["schema"], place)]


@pytest.fixture(scope="module")
def templates() -> set[str]:
    return set(translations.templates())


def test_every_setting_says_what_it_is(templates: set[str]):
    wordless = [
        (place, word, field.get(word, ""))
        for place, field in all_fields()
        for word in ("title", "description")
        if field.get(word) not in templates
    ]
    assert not wordless


def test_every_choice_has_a_label():
    """A bare value such as "one_cycle" is for files; a form shows its label."""
    bare = [
        (place, value)
        for place, field in all_fields()
        for value in field.get("enum", ())
        if isinstance(value, str) and value not in field.get("hint", {}).get("choices", {})
    ]
    assert not bare


def test_every_word_beside_numbers_has_a_label():
    bare = [
        (place, value)
        for place, field in all_fields()
        for part in field.get("anyOf", ())
        for value in (*part.get("enum", ()), *((part["const"],) if "const" in part else ()))
        if value not in field.get("hint", {}).get("choices", {})
    ]
    assert not bare


def test_every_registered_thing_has_a_title_and_a_summary(templates: set[str]):
    found = catalogue()
    wordless = [
        (section, kind, word)
        for section in SECTIONS
        for kind, entry in found[section].items()
        for word in ("title", "summary")
        if entry[word] not in templates
    ]
    assert not wordless
    assert not [name for name, metric in found["metrics"].items() if metric["title"] not in templates]


def test_names_of_presets_can_be_translated(templates: set[str]):
    presets = {name for entry in catalogue()["architectures"].values() for name in entry["presets"]}
    assert not presets - templates
