from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError, model_validator

from workbench.core.errors import UserError
from workbench.core.settings import Hint, Settings, hints, nearest, overridden, refuse_unknown, worded
from workbench.core.words import tr


class Inner(Settings):
    rate: Annotated[float, Field(gt=0, le=10, title="Rate"), Hint(log=True, unit="x")] = 0.1


class Outer(Settings):
    epochs: Annotated[int, Field(ge=1)] = 3
    mode: Literal["fast", "slow"] = "fast"
    name: str = ""
    widths: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    on: bool = False
    inner: Inner = Inner()

    @model_validator(mode="after")
    def _no_thirteen(self) -> "Outer":
        if self.epochs == 13:
            raise ValueError("thirteen is not allowed")
        return self


def wrong(**values: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(values)
    return tr(worded(caught.value, "training").message)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epochs": 0}, "training.epochs must be at least 1, but is 0."),
        ({"epochs": "many"}, "training.epochs must be a whole number, but is many."),
        ({"epochs": 1.5}, "training.epochs must be a whole number, but is 1.5."),
        ({"mode": "medium"}, "training.mode must be one of 'fast' or 'slow', but is medium."),
        ({"inner": {"rate": 0}}, "training.inner.rate must be more than 0"),
        ({"inner": {"rate": 11}}, "training.inner.rate must be at most 10"),
        ({"inner": {"rate": "x"}}, "training.inner.rate must be a number, but is x."),
        ({"widths": []}, "training.widths needs at least 1 values."),
        ({"widths": [1, 2, 3]}, "training.widths takes at most 2 values."),
        ({"name": 3}, "training.name must be a text, but is 3."),
        ({"on": "perhaps"}, "training.on must be true or false, but is perhaps."),
        ({"epochs": 13}, "thirteen is not allowed"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_and_the_value(values: dict[str, object], words: str):
    assert words in wrong(**values)


def test_further_findings_are_counted():
    assert wrong(epochs=0, mode="x", name=3).endswith("(2 more)")


def test_settings_are_frozen_and_refuse_unknown_names():
    with pytest.raises(ValidationError):
        Outer().epochs = 5  # type: ignore[misc]
    with pytest.raises(UserError, match=r"no setting training\.epoch") as caught:
        refuse_unknown({"epoch": 3}, Outer, "training")
    assert "Did you mean epochs?" in caught.value.translated()
    with pytest.raises(UserError) as caught:
        refuse_unknown({"zzz": 3}, Outer, "")
    assert "Known here: epochs, mode" in caught.value.translated()


def test_the_nearest_name_is_found_or_none():
    assert nearest("learning_rat", ["epochs", "learning_rate"]) == "learning_rate"
    assert nearest("zzz", ["epochs"]) == ""


def test_assignments_are_toml_or_else_texts():
    plain = {"training": {"epochs": 3, "optimizer": {"kind": "sgd", "momentum": 0.9}}}
    changed = overridden(plain, ["training.epochs=20", "data.path=/a/b c", "training.on = true", "a.list=[1, 2]"])
    assert changed["training"]["epochs"] == 20
    assert changed["data"] == {"path": "/a/b c"}
    assert changed["training"]["on"] is True
    assert changed["a"]["list"] == [1, 2]
    assert plain["training"]["epochs"] == 3


def test_another_kind_forgets_the_settings_of_the_one_before():
    plain = {"optimizer": {"kind": "sgd", "momentum": 0.9}}
    assert overridden(plain, ["optimizer.kind=adamw"]) == {"optimizer": {"kind": "adamw"}}
    assert overridden(plain, ["optimizer.kind=sgd"]) == plain


@pytest.mark.parametrize("assignment", ["", "epochs", "=3", "a..b=3", ".=1"])
def test_an_assignment_that_sets_nothing_is_refused(assignment: str):
    with pytest.raises(UserError, match="does not set anything"):
        overridden({}, [assignment])


def test_an_assignment_into_a_value_is_refused():
    with pytest.raises(UserError, match="is a value, not a group"):
        overridden({"epochs": 3}, ["epochs.more=1"])


def test_hints_reach_the_schema():
    assert Inner.model_json_schema()["properties"]["rate"]["hint"] == {"log": True, "unit": "x"}


def test_each_setting_has_its_hint_under_its_full_name():
    found = dict(hints(Outer(), "training"))
    assert next(iter(found)) == "training.epochs"
    assert found["training.inner.rate"] == Hint(log=True, unit="x")
    assert found["training.epochs"] == found["training.inner"] == Hint()
