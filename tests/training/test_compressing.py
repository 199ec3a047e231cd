"""A run whose model has its weights in fewer bits is a run like any other, but for going on with."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.trained import digits_run
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.core.run_summary import summarise
from workbench.export import targets
from workbench.export.exporting import export, why_not
from workbench.export.subject import Subject
from workbench.inference.evaluation import kept_evaluation
from workbench.inference.predictor import Item, Predictor
from workbench.networks.number_formats import FORMATS
from workbench.recipe import read_recipe
from workbench.training import compressing
from workbench.training.compressing import compress
from workbench.training.forking import fork
from workbench.training.setup import set_up
from workbench.training.worker import recipe_of, train_run


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return digits_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def int8(original: RunFolder) -> RunFolder:
    original.write_notes(name="Mine", tags=["a"])
    return compress(original, "int8")


def test_it_is_listed_and_judged_like_any_other(original: RunFolder, int8: RunFolder) -> None:
    summary = summarise(int8)
    assert (summary.state, summary.has_model, summary.tags) == ("finished", True, ("a", "int8"))
    assert summary.note == "Mine with its weights in int8."
    assert int8.name.split("_")[2] == "convnet-digits-int8"
    assert summary.value == pytest.approx(summarise(original).value, abs=0.02)
    test, before = kept_evaluation(int8, "test"), kept_evaluation(original, "test")
    assert test is not None
    assert before is not None
    assert test["metrics"]["accuracy"] == pytest.approx(before["metrics"]["accuracy"], abs=0.02)
    assert whole_history(int8)[0].events[-1].metrics["test_accuracy"] == test["metrics"]["accuracy"]  # type: ignore[union-attr]
    assert read_recipe(int8.recipe) == read_recipe(original.recipe)


def test_it_takes_less_room_and_predicts(original: RunFolder, int8: RunFolder) -> None:
    sizes = [(run.best_model() or run.path, run) for run in (original, int8)]
    before, after = ((model / "model.safetensors").stat().st_size for model, _ in sizes)
    assert after < 0.5 * before, "of a tiny model half is head and scales"
    described = json.loads((sizes[1][0] / "model.json").read_text())
    assert (described["number_format"], described["made_of"]) == ("int8", original.name)
    assert described["narrow_share"] > 0.9
    predictor = Predictor.of_run(int8)
    assert predictor.model.number_format == "int8"
    picture = np.zeros((8, 8, 1), np.uint8)
    picture[1:7, 3:5] = 255
    [told], [truly] = (made.predict([Item("one", picture[..., 0])]) for made in (predictor, Predictor.of_run(original)))
    assert told.answer["label"] == truly.answer["label"]
    assert told.answer["score"] == pytest.approx(truly.answer["score"], abs=0.05)


def test_it_cannot_be_trained_on(int8: RunFolder) -> None:
    attempts = int8.attempts()
    for go_on in (recipe_of, fork, train_run):
        with pytest.raises(UserError, match=r"cannot be trained on: its weights are kept in int8\."):
            go_on(int8)
    assert int8.attempts() == attempts
    assert summarise(int8).state == "finished"


def test_another_run_begins_with_its_weights(int8: RunFolder) -> None:
    recipe = read_recipe(int8.recipe, [f"training.start_from={int8.path}"])
    said: list[object] = []
    trainee = set_up(recipe, said.append)
    network = Predictor.of_run(int8).model.network
    for name, tensor in network.state_dict().items():
        assert bool((trainee.network.state_dict()[name] == tensor).all())


def test_what_cannot_be_is_refused_and_leaves_nothing_behind(
    original: RunFolder, int8: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(original.path.parent.iterdir())
    with pytest.raises(UserError, match="compressed already, to int8"):
        compress(int8, "bfloat16")
    with pytest.raises(UserError, match="no number format int4"):
        compress(original, "int4")

    def gone(*_: object, **__: object) -> None:
        raise UserError("The data are gone.")

    monkeypatch.setattr(compressing, "evaluate_run", gone)
    with pytest.raises(UserError, match="The data are gone"):
        compress(original, "int8")
    assert sorted(original.path.parent.iterdir()) == before


def test_exports_have_the_same_weights_and_no_whole_numbers(original: RunFolder, int8: RunFolder) -> None:
    target = targets["pytorch"]
    assert why_not(Subject.of_run(int8), target) is None
    dynamic = Subject.of_run(compress(original, "int8-dynamic"))
    assert "export the run that it was made of" in str(why_not(dynamic, target))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["pytorch", "onnx"])
@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "int8-dynamic"])
def test_every_format_is_exported(original: RunFolder, tmp_path: Path, kind: str, form: str) -> None:
    assert export(compress(original, kind), form, tmp_path / "out").difference < 1e-4
