import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import SerializeAsAny, ValidationError

from workbench.core import words
from workbench.core.errors import UserError
from workbench.core.registry import ChosenFrom, Registry, build_settings, kind_of
from workbench.core.settings import Settings, worded
from workbench.core.words import tr

PACKAGE = """
from dataclasses import dataclass
from workbench.core.registry import Registry
@dataclass(frozen=True)
class Thing:
    settings: type
things = Registry("things_for_tests", "thing")
"""
MODULE = """
from typing import Annotated, Literal
from pydantic import Field
from workbench.core.settings import Settings
from things_for_tests import Thing, things
class Of(Settings):
    kind: Literal["{kind}"] = "{kind}"
    size: Annotated[int, Field(ge=1)] = 1
things.add("{kind}", Thing(Of))
"""


@pytest.fixture
def things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[Any]]:
    """A package with two files, one a thing."""
    package = tmp_path / "things_for_tests"
    package.mkdir()
    (package / "__init__.py").write_text(PACKAGE)
    for kind in ("round", "square"):
        (package / f"{kind}.py").write_text(MODULE.format(kind=kind))
    monkeypatch.syspath_prepend(str(tmp_path))
    import things_for_tests  # type: ignore[import-not-found]

    yield things_for_tests.things
    for name in [name for name in sys.modules if name.startswith("things_for_tests")]:
        del sys.modules[name]


def test_files_of_the_package_register_themselves_at_the_first_look(things: Registry[Any]):
    assert "things_for_tests.round" not in sys.modules
    assert sorted(things) == ["round", "square"]
    assert len(things) == 2
    assert "round" in things
    assert "oval" not in things


def test_an_unknown_kind_is_refused_with_the_nearest_one(things: Registry[Any]):
    with pytest.raises(UserError) as caught:
        things["rond"]
    assert caught.value.translated() == "There is no thing called rond. Did you mean round?"
    with pytest.raises(UserError) as caught:
        things["zzzzzz"]
    assert "Known here: round, square." in caught.value.translated()


def test_what_is_unknown_is_said_in_the_chosen_language(things: Registry[Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(words._catalogue, "thing", "Ding")
    with pytest.raises(UserError) as caught:
        things["rond"]
    assert "no Ding called rond" in UserError.from_plain(caught.value.to_plain()).translated()


def test_two_things_of_one_name_are_a_mistake_of_ours(things: Registry[Any]):
    with pytest.raises(ValueError, match="round"):
        things.add("round", things["round"])


def test_settings_are_built_by_kind(things: Registry[Any]):
    built = build_settings(things, {"kind": "square", "size": 3}, "round", "thing")
    assert built.model_dump() == {"kind": "square", "size": 3}
    assert build_settings(things, {}, "round", "thing").model_dump() == {"kind": "round", "size": 1}
    assert build_settings(things, built, "round", "thing") is built
    assert kind_of(built) == "square"


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"kind": "oval"}, "no thing called oval"),
        ({"sise": 1}, r"no setting thing\.sise"),
        ({"size": 0}, r"thing\.size must be at least 1"),
        ("round", "must be a group of settings"),
    ],
)
def test_settings_that_cannot_be_are_refused(plain: object, words: str, things: Registry[Any]):
    with pytest.raises(UserError, match=words):
        build_settings(things, plain, "round", "thing")


def test_a_chosen_thing_is_a_field_whose_error_keeps_its_words(things: Registry[Any]):
    class Whole(Settings):
        thing: Annotated[SerializeAsAny[Settings], ChosenFrom(things, "round", "whole.thing")]

    whole = Whole.model_validate({"thing": {"kind": "square", "size": 5}})
    assert whole.model_dump() == {"thing": {"kind": "square", "size": 5}}
    assert Whole.model_validate(whole.model_dump()) == whole
    assert Whole.model_json_schema()["properties"]["thing"]["registry"] == "whole.thing"
    with pytest.raises(ValidationError) as caught:
        Whole.model_validate({"thing": {"size": 0}})
    assert tr(worded(caught.value).message) == "whole.thing.size must be at least 1, but is 0."
