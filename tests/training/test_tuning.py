"""Settings that only change the speed: tried, kept where they help, and taken by later runs that leave them open."""

from typing import Any

import pytest
import torch

from tests.training.runs import small_recipe
from workbench.core import paths
from workbench.recipe import Recipe, recipe_from
from workbench.training import choices, tuning
from workbench.training.setup import set_up
from workbench.training.tuning import tune


@pytest.fixture
def recipe() -> Recipe:
    return recipe_from(small_recipe(), ["training.epochs=1"])


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "_SECONDS", 0.01)


def timed(monkeypatch: pytest.MonkeyPatch, **faster: float) -> None:
    """Let a step take a tenth of a second, or less by so many times with these settings."""

    def measured(trainee) -> tuple[float, float]:
        training = trainee.recipe.training
        seconds = 0.1
        for name, times in faster.items():
            setting, _, value = name.partition("__")
            seconds /= times if str(getattr(training, setting)) == value else 1
        return seconds, 0.0

    monkeypatch.setattr(tuning, "_measured", measured)


def test_what_is_faster_is_kept_and_taken_by_later_runs(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set_up(recipe, lambda event: None).recipe.training
    other = "contiguous" if before.memory_layout == "channels_last" else "channels_last"
    timed(monkeypatch, **{f"memory_layout__{other}": 2.0})
    tried = list(tune(recipe, lambda event: None, compiling=False))
    assert tried[0].settings == {}
    assert tried[-1].confirms
    assert tried[-1].settings == {"memory_layout": other}
    assert tried[-1].ratio == pytest.approx(2)
    assert set_up(recipe, lambda event: None).recipe.training.memory_layout == other
    asked = recipe.model_copy(update={"training": recipe.training.model_copy(update={"memory_layout": "contiguous"})})
    assert set_up(asked, lambda event: None).recipe.training.memory_layout == "contiguous"
    plain = recipe.model_copy(update={"training": recipe.training.model_copy(update={"speed": "plain"})})
    assert set_up(plain, lambda event: None).recipe.training.memory_layout == "contiguous"
    larger = recipe.model_copy(update={"training": recipe.training.model_copy(update={"batch_size": 7})})
    assert set_up(larger, lambda event: None).recipe.training.memory_layout == before.memory_layout


def test_what_is_not_faster_is_not_kept(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    timed(monkeypatch)
    tried = list(tune(recipe, lambda event: None, compiling=False))
    assert [found.settings for found in tried if found.is_chosen] == [{}]
    assert set_up(recipe, lambda event: None).recipe == set_up(recipe, lambda event: None, chosen={}).recipe


def test_real_steps_are_measured(recipe: Recipe) -> None:
    tried = list(tune(recipe, lambda event: None, compiling=False))
    assert all(found.seconds_per_step > 0 and found.samples_per_second > 0 for found in tried if not found.wrong)


def test_what_fails_is_said_and_the_others_are_still_tried(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(trainee) -> tuple[float, float]:
        if trainee.recipe.training.memory_layout == "contiguous":
            raise RuntimeError("no kernel")
        return 0.1, 0.0

    monkeypatch.setattr(tuning, "_measured", measured)
    tried = list(tune(recipe, lambda event: None, compiling=False))
    wrong = [found for found in tried if found.wrong]
    assert [found.settings for found in wrong] == [{"memory_layout": "contiguous"}]


@pytest.mark.parametrize("content", ["", "[]", '{"x": 3}', "{"])
def test_a_damaged_file_of_choices_is_as_none(content: str, recipe: Recipe) -> None:
    paths.state().mkdir(parents=True, exist_ok=True)
    (paths.state() / "fastest.json").write_text(content)
    trainee = set_up(recipe, lambda event: None)
    assert choices.kept(recipe, trainee.preprocessing.inputs, trainee.device) == {}
    choices.keep(recipe, trainee.preprocessing.inputs, trainee.device, {"threads": 1})
    assert choices.kept(recipe, trainee.preprocessing.inputs, trainee.device) == {"threads": 1}


@pytest.mark.parametrize(
    ("has", "wanted"), [((), "float32"), (("avx512_bf16",), "bfloat16"), (("amx_tile",), "bfloat16")]
)
def test_short_numbers_are_taken_by_themselves_for_convolutions_where_the_processor_has_them(
    has: tuple[str, ...], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("avx512_bf16", "amx_tile"):
        monkeypatch.setattr(torch.cpu, f"_is_{name}_supported", lambda name=name: name in has)

    def precision(architecture: dict[str, Any]) -> str:
        plain = small_recipe(training={"device": "cpu", "threads": 1}, architecture=architecture)
        return set_up(recipe_from(plain), lambda event: None, chosen={}).recipe.training.precision

    assert precision({"kind": "convnet", "widths": [4]}) == wanted
    assert precision({"kind": "mlp", "hidden": [4]}) == "float32"
