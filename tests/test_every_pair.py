"""Each architecture × each task that it learns: its loss falls, it predicts, what is loaded says what was saved."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.pairs import Pair, pairs
from tests.training.runs import make_run
from workbench.architectures import architectures
from workbench.cli import main
from workbench.core.events import Finished
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.engine import prediction
from workbench.inference.predictor import Predictor
from workbench.metrics import metrics
from workbench.tasks import tasks
from workbench.training.worker import train_run

TRAINING = {"epochs": 100, "steps": 24, "batch_size": 32, "device": "cpu", "threads": 1, "precision": "float32"}
FAST = {"optimizer": {"kind": "adamw", "learning_rate": 0.01}, "schedule": {"kind": "constant"}}
ANSWERS = {
    "classification": {"label", "score", "top"},
    "multi_label": {"label", "labels", "top"},
    "regression": {"value"},
    "forecasting": {"values"},
    "reconstruction": {"error"},
    "masked_token": {"masks"},
    "next_token": {"label", "score", "top"},
}
every_pair = pytest.mark.parametrize("pair", pairs(), ids=Pair.name)


def test_every_task_and_every_architecture_is_there() -> None:
    assert {pair.task for pair in pairs()} == set(tasks)
    assert {pair.kind for pair in pairs()} == set(architectures) - {"pretrained"}


@every_pair
def test_it_learns_and_predicts_what_was_saved(pair: Pair, own_folders: Path) -> None:
    folder = make_run(
        own_folders, data=pair.data(), architecture=pair.architecture(), training={**TRAINING, **FAST, "epochs": 100}
    )
    ending = train_run(folder)
    assert isinstance(ending, Finished), ending
    losses = losses_of(folder)
    assert len(losses) == TRAINING["steps"]
    assert losses[-6:].mean() < losses[:6].mean()
    headline = tasks[pair.task].headline
    assert {f"{split}_{name}" for split in ("validation", "test") for name in ("loss", headline)} <= set(ending.metrics)
    assert headline in metrics
    first, second = (Predictor.of_run(folder) for _ in range(2))
    batch = one_batch(first)
    assert torch.equal(first.outputs(batch), second.outputs(batch))


def losses_of(folder: RunFolder) -> np.ndarray:
    return whole_history(folder)[0].scalars["training_loss"][1]


def one_batch(predictor: Predictor) -> torch.Tensor:
    inputs, generator = predictor.model.inputs, torch.Generator().manual_seed(0)
    if inputs.kind == "text":
        return torch.randint(1, inputs.vocabulary, (2, *inputs.shape), generator=generator)
    return torch.randn((2, *inputs.shape), generator=generator)


@pytest.mark.slow
@every_pair
def test_it_trains_and_predicts_by_command(pair: Pair, own_folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = own_folders / "recipe.toml"
    recipe.write_text(as_toml(pair))
    assert main(["train", str(recipe), "--runs", str(own_folders / "runs"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["outcome"] == "finished"
    assert told["steps"] == TRAINING["steps"]
    assert f"validation_{tasks[pair.task].headline}" in told["metrics"]
    sample = prediction.sample(told["run"], 0)
    given = {name: sample[name] for name in ("image", "text", "row", "series") if name in sample}
    if pair.task == "next_token":
        assert main(["generate", told["run"], "--prompt", "The", "--max-tokens", "5", "--json"]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])
    else:
        [answer] = prediction.predict(told["run"], [given])["predictions"]
        assert answer["error"] is None or pair.task == "reconstruction"
        assert set(answer) >= ANSWERS[pair.task]
    assert main(["evaluate", told["run"], "--json"]) == 0
    again = json.loads(capsys.readouterr().out.splitlines()[-1])["metrics"]
    loss = "validation_loss"
    assert again[loss] == pytest.approx(told["metrics"][loss], rel=1e-4)


def as_toml(pair: Pair) -> str:
    from workbench.recipe import recipe_from, to_toml

    plain: dict[str, Any] = {
        "data": pair.data(),
        "architecture": pair.architecture(),
        "training": {**TRAINING, **FAST},
    }
    return to_toml(recipe_from(plain))
