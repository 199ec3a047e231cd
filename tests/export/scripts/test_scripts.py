"""The script of a run gives its losses step by step, to the last bit: for every architecture and for every sample."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from tests.export.scripts.repeating import assert_repeated, raw_input, recorded, run_blocked, write_script
from tests.pairs import Pair, pairs
from tests.test_every_pair import FAST, TRAINING
from tests.training.runs import make_run, trained
from workbench.core.events import Finished
from workbench.core.run_folder import new_run
from workbench.data.samples import SamplesSettings
from workbench.engine import settings
from workbench.export.exporting import export
from workbench.recipe import recipe_from, title_of, to_toml
from workbench.training.keeping import Keeper
from workbench.training.worker import train_run

SHORTENED = {"python-topics": ["training.steps=40"]}  # what takes minutes otherwise


def test_a_script_takes_the_steps_of_its_run(own_folders: Path):
    run, _ = trained(own_folders / "runs", "training.epochs=2")
    out = own_folders / "out"
    found = export(run, "script", out)
    assert found.difference == 0.0
    assert found.to_plain()["steps"] == len(recorded(run)) == 12
    text = (out / "train.py").read_text("utf-8")
    modules = {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert not any(str(module).startswith("workbench") for module in modules)
    assert "#?" not in text
    assert "$" not in text
    assert "python train.py\n    python example.py" in (out / "README.md").read_text("utf-8")


def test_a_script_keeps_the_best_model_of_its_run(own_folders: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Keeper, "is_best", lambda self, found: self.position.epoch == 1)
    run, _ = trained(own_folders / "runs", "training.epochs=2")
    out = own_folders / "out"
    write_script(run, out)
    assert "BEST_STEP = 6  #" in (out / "train.py").read_text("utf-8")
    assert_repeated(run, out)
    (out / "run_losses.csv").unlink()
    [said, _] = run_blocked(out, ["train.py"])
    assert "There is no run_losses.csv" in said


@pytest.mark.slow
@pytest.mark.parametrize("pair", pairs(), ids=Pair.name)
def test_every_architecture_has_a_script(pair: Pair, own_folders: Path):
    training = {**TRAINING, **FAST}
    run = make_run(own_folders / "runs", data=pair.data(), architecture=pair.architecture(), training=training)
    assert isinstance(train_run(run), Finished)
    write_script(run, own_folders / "out")
    assert_repeated(run, own_folders / "out", ["example.py", raw_input(run, own_folders)])


@pytest.mark.slow
@pytest.mark.parametrize("name", get_args(SamplesSettings.model_fields["name"].annotation))
def test_every_sample_trained_as_the_window_proposes_it_has_a_script(name: str, own_folders: Path):
    proposed = settings.defaults({"kind": "samples", "name": name})["recipe"]
    recipe = recipe_from(proposed, [*SHORTENED.get(name, ()), "training.device=cpu"])
    run = new_run(own_folders / "runs", title_of(recipe), to_toml(recipe))
    assert isinstance(train_run(run), Finished)
    write_script(run, own_folders / "out")
    assert_repeated(run, own_folders / "out")
