import json
from pathlib import Path

import pytest

from workbench.architectures import architectures
from workbench.core import paths
from workbench.core.errors import UserError
from workbench.data import kinds
from workbench.engine import ask
from workbench.metrics import metrics
from workbench.optimizers import optimizers
from workbench.recipe import read_recipe, recipe_from, to_plain
from workbench.schedules import schedules


def test_the_catalogue_names_everything_that_is_registered() -> None:
    catalogue = ask("settings.catalogue")
    json.dumps(catalogue, allow_nan=False)
    registries = {"data": kinds, "architectures": architectures, "optimizers": optimizers, "schedules": schedules}
    for section, registry in registries.items():
        assert set(catalogue[section]) == set(registry)
        for kind, entry in catalogue[section].items():
            assert entry["title"]
            assert entry["summary"]
            assert entry["schema"]["properties"]["kind"]["const"] == kind
    assert set(catalogue["metrics"]) == set(metrics)
    assert catalogue["training"]["schema"]["properties"]["optimizer"]["registry"] == "training.optimizer"


@pytest.mark.parametrize("kind", list(architectures))
def test_presets_are_settings_of_their_architecture(kind: str) -> None:
    entry = ask("settings.catalogue")["architectures"][kind]
    for values in entry["presets"].values():
        assert set(values) <= set(entry["schema"]["properties"])


@pytest.mark.parametrize(("sample", "kind"), [("digits", "convnet"), ("reviews", "textcnn")])
def test_samples_begin_with_a_recipe_that_was_tried_out(sample: str, kind: str) -> None:
    recipe = ask("settings.defaults", {"data": {"kind": "samples", "name": sample, "validation": 0.2}})["recipe"]
    assert recipe["architecture"]["kind"] == kind
    assert recipe["data"]["validation"] == 0.2
    tried = read_recipe(paths.resources() / "recipes" / f"{sample}.toml")
    assert recipe["training"] == to_plain(tried.training)
    assert to_plain(recipe_from(recipe)) == recipe


def test_other_data_begin_with_the_best_architecture(tmp_path: Path) -> None:
    recipe = ask("settings.defaults", {"data": {"kind": "text_table", "path": str(tmp_path)}})["recipe"]
    assert recipe["architecture"]["kind"] == "textcnn"


def test_a_recipe_that_cannot_be_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        ask("settings.check", {"recipe": {"training": {"epoch": 3}}})
    assert "Did you mean epochs?" in caught.value.translated()


def test_a_layer_that_the_network_does_not_have_is_refused_before_the_start() -> None:
    inputs = {"kind": "image", "shape": [1, 8, 8], "vocabulary": 0}
    network = {"architecture": {"kind": "convnet"}, "inputs": inputs, "outputs": 10, "tasks": ["classification"]}
    frozen = next(iter(ask("start.layers", network)))
    for layer in ("none", frozen):
        recipe = ask("settings.check", {"recipe": {"training": {"freeze": layer}}, "network": network})["recipe"]
        assert recipe["training"]["freeze"] == layer
    with pytest.raises(UserError, match="no layer called xyz") as caught:
        ask("settings.check", {"recipe": {"training": {"freeze": "xyz"}}, "network": network})
    assert caught.value.message.values["place"] == "training.freeze"


@pytest.mark.parametrize(
    ("data", "metric", "known"),
    [
        ({"kind": "samples", "name": "digits"}, "acuracy", "none, loss, accuracy"),
        ({"kind": "samples", "name": "diabetes"}, "accuracy", "none, loss, "),
    ],
)
def test_a_target_in_a_metric_that_the_task_does_not_have_is_refused(data: dict, metric: str, known: str) -> None:
    with pytest.raises(UserError, match=f"no metric {metric}") as caught:
        ask("settings.check", {"recipe": {"data": data, "training": {"target_metric": metric}}})
    assert str(caught.value.message.values["known"]).startswith(known)
    assert caught.value.message.values["place"] == "training.target_metric"
    ask("settings.check", {"recipe": {"data": data, "training": {"target_metric": "validation_loss"}}})


def test_writing_and_reading_a_recipe_is_the_identity(tmp_path: Path) -> None:
    recipe = ask("settings.check", {"recipe": {"training": {"epochs": 7}}})["recipe"]
    path = str(tmp_path / "recipe.toml")
    ask("settings.write", {"recipe": recipe, "path": path})
    assert ask("settings.read", {"path": path})["recipe"] == recipe
    assert to_plain(read_recipe(Path(path))) == recipe
    assert ask("settings.toml", {"recipe": recipe})["toml"] == Path(path).read_text(encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        ask("settings.write", {"recipe": recipe, "path": str(tmp_path / "no" / "recipe.toml")})


@pytest.mark.parametrize("kind", list(schedules))
def test_learning_rates_are_those_of_the_schedule(kind: str) -> None:
    recipe = {"training": {"schedule": {"kind": kind}, "optimizer": {"kind": "sgd", "learning_rate": 0.5}}}
    for steps in (1, 3, 10_000):
        found = ask("settings.learning_rates", {"recipe": recipe, "steps": steps})
        assert found["steps"][0] == 0
        assert found["steps"][-1] == steps - 1
        assert len(found["steps"]) == len(found["values"]) <= 400
        settings = recipe_from(recipe).training.schedule
        assert found["values"][-1] == pytest.approx(0.5 * schedules[kind].factor(settings, steps - 1, steps))
