"""Texts that a person reads: written in English where they stand, translated when they are shown.

A text is translated by its English template, and values are filled in afterwards. What is shown at once goes
through `tr`; what travels first (an error, an event, a setting's title) stays a template and is translated at
the end. The catalogue of a language is `resources/translations/<language>.json`: template to translation.
Tests collect every template from the source: the arguments of the functions below, of `UserError` and `Words`,
and the keywords `title`, `summary`, `description`, `hint`, `unit` and `choices` of any call.
"""

import json
import locale
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from workbench.core import paths

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}

_catalogue: dict[str, str] = {}
_language = "en"


@dataclass(frozen=True)
class Words:
    """A template and the values that belong into it, put together after translation."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return _filled(self.template, self.values)


def mark(text: str) -> str:
    """Return `text` unchanged: it marks a template that is translated later."""
    return text


def tr(text: str | Words, /, **values: object) -> str:
    """Return `text` in the chosen language with `values` filled in; values that are Words are translated too."""
    template, given = (text.template, {**text.values, **values}) if isinstance(text, Words) else (text, values)
    shown = {name: tr(value) if isinstance(value, Words) else value for name, value in given.items()}
    return _filled(_catalogue.get(template, template), shown)


def plural(count: int, one: str, many: str, /, **values: object) -> str:
    """Return `one` or `many`, whichever fits `count` (filled in as {count}), in the chosen language."""
    return tr(one if count == 1 else many, count=f"{count:,}", **values)


def listed(texts: Sequence[str]) -> str:
    """Return the texts as a list in the chosen language: one, two, three."""
    return reduce(lambda one, two: tr("{one}, {two}", one=one, two=two), texts) if texts else ""


def language() -> str:
    """Return the language in use: a key of LANGUAGES."""
    return _language


def use_language(name: str) -> None:
    """Translate into `name`, a key of LANGUAGES, from now on; anything else means English."""
    global _language
    _catalogue.clear()
    _language = name if name in LANGUAGES else "en"
    path = paths.resources() / "translations" / f"{_language}.json"
    if path.is_file():
        _catalogue.update(json.loads(path.read_text(encoding="utf-8")))


def system_language() -> str:
    """Return the language this person's system asks for, as a key of LANGUAGES."""
    wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    if not wanted:
        wanted = locale.getlocale()[0] or ""
    return "zh_CN" if wanted.lower().startswith(("zh", "chinese")) else "en"


def _filled(template: str, values: Mapping[str, Any]) -> str:
    return template.format_map(values) if values else template


def to_plain(words: Words) -> dict[str, Any]:
    """Return plain values that travel through JSON; `from_plain` is the way back."""
    values = {name: to_plain(value) if isinstance(value, Words) else value for name, value in words.values.items()}
    return {"template": words.template, "values": values}


def from_plain(plain: Mapping[str, Any]) -> Words:
    """Return the words that `to_plain` described."""
    values = plain.get("values", {})
    return Words(
        plain["template"],
        {name: from_plain(value) if isinstance(value, Mapping) else value for name, value in values.items()},
    )
