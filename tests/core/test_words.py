import json
from pathlib import Path

import pytest

from workbench.core import paths, words
from workbench.core.errors import UserError
from workbench.core.words import Words, from_plain, listed, mark, plural, system_language, to_plain, tr, use_language

CATALOGUE = {
    "{name} is not an image.": "{name}不是图片。",
    "Drop a PNG.": "请拖入 PNG 文件。",
    "a picture": "一张图片",
    "{count} image": "{count} 张图片",
    "{count} images": "{count} 张图片",
}


@pytest.fixture
def chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "translations").mkdir()
    (tmp_path / "translations" / "zh_CN.json").write_text(json.dumps(CATALOGUE), encoding="utf-8")
    monkeypatch.setattr(paths, "resources", lambda: tmp_path)
    use_language("zh_CN")


def test_words_are_filled_after_translation(chinese: None):
    assert tr("{name} is not an image.", name="a.txt") == "a.txt不是图片。"
    assert tr(Words("{name} is not an image.", {"name": "a.txt"})) == "a.txt不是图片。"


def test_words_inside_words_are_translated_too(chinese: None):
    assert tr("{name} is not an image.", name=Words("a picture")) == "一张图片不是图片。"


def test_what_is_not_in_the_catalogue_stays_english(chinese: None):
    assert tr("Unknown {x}", x=1) == "Unknown 1"


def test_plural_chooses_by_the_count_and_groups_it(chinese: None):
    use_language("en")
    assert plural(1, "{count} image", "{count} images") == "1 image"
    assert plural(12_480, "{count} image", "{count} images") == "12,480 images"
    use_language("zh_CN")
    assert plural(2, "{count} image", "{count} images") == "2 张图片"


def test_braces_in_a_value_are_only_text():
    assert tr("{name} is odd", name="{name}") == "{name} is odd"
    assert tr("a {brace} without values") == "a {brace} without values"


def test_words_travel_as_plain_values():
    whole = Words("{a} and {b}", {"a": Words("inner {n}", {"n": 1}), "b": 2})
    assert from_plain(json.loads(json.dumps(to_plain(whole)))) == whole
    assert str(Words("{n} left", {"n": 3})) == "3 left"


def test_a_mark_changes_nothing():
    assert mark("Text {a}") == "Text {a}"


def test_an_unknown_language_is_english():
    use_language("xx")
    assert words.language() == "en"


@pytest.mark.parametrize(
    ("asked", "expected"), [("zh_CN.UTF-8", "zh_CN"), ("zh_TW", "zh_CN"), ("de_DE.UTF-8", "en"), ("C", "en")]
)
def test_the_systems_language_is_asked(asked: str, expected: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", asked)
    assert system_language() == expected


def test_an_error_shows_message_and_hint_in_the_language(chinese: None):
    error = UserError("{name} is not an image.", hint="Drop a PNG.", name="a.txt")
    assert error.translated() == "a.txt不是图片。 请拖入 PNG 文件。"
    assert str(error) == "a.txt is not an image."


def test_an_error_without_a_hint_is_its_message():
    assert UserError("Only this.").translated() == "Only this."


def test_an_error_travels_and_is_translated_at_the_end(chinese: None):
    inner = Words("{count} image", {"count": 3})
    error = UserError("{name} is not an image.", hint="Drop a PNG.", details="Traceback", name=inner)
    again = UserError.from_plain(json.loads(json.dumps(error.to_plain())))
    assert again.translated() == "3 张图片不是图片。 请拖入 PNG 文件。"
    assert again.details == "Traceback"


def test_values_that_json_does_not_know_travel_as_texts():
    error = UserError("{path} is gone.", path=Path("/a/b"))
    again = UserError.from_plain(json.loads(json.dumps(error.to_plain())))
    assert again.translated() == "/a/b is gone."


def test_a_list_is_written_as_the_language_does():
    assert listed([]) == ""
    assert listed(["data", "model", "training"]) == "data, model, training"
    use_language("zh_CN")
    assert listed(["数据", "模型", "训练"]) == "数据、模型、训练"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Precision", "Number format"), ("Sample", "Bundled sample"), ("Training", "Training now")],
)
def test_what_means_two_things_is_said_in_two_ways(one: str, other: str):
    use_language("zh_CN")
    assert tr(one) != tr(other)
