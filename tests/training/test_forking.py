"""A run that diverged: what is said, what is kept, and how another run goes on from it."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.training.runs import make_run, trained
from workbench.cli import main
from workbench.core.errors import UserError
from workbench.core.events import Failed, Finished, Started
from workbench.core.run_folder import RunFolder, all_runs
from workbench.core.run_reader import whole_history
from workbench.core.sealed import check_sealed
from workbench.data import open_data
from workbench.engine import ask
from workbench.recipe import read_recipe
from workbench.training import loop
from workbench.training.checkpoint import load_checkpoint, newest_sound
from workbench.training.forking import fork
from workbench.training.setup import set_up
from workbench.training.trainee import Trainee
from workbench.training.worker import train_run


def spoiled(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Let the loss be NaN in the step of this number, whatever the settings are."""

    def with_fault(*arguments: Any, **named: Any) -> Trainee:
        trainee = set_up(*arguments, **named)
        real, count = trainee.forward, 0

        def forward(inputs: Tensor) -> Tensor:
            nonlocal count
            count += 1
            return real(inputs) * (math.nan if count == at else 1.0)

        trainee.forward = forward
        return trainee

    monkeypatch.setattr(loop, "set_up", with_fault)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_t4_a_huge_learning_rate_is_said_and_nothing_bad_is_kept(tmp_path: Path) -> None:
    sgd = {"kind": "sgd", "learning_rate": 10.0, "momentum": 0.9}
    training = {"epochs": 60, "batch_size": 32, "device": "cpu", "threads": 1, "optimizer": sgd}
    data = {"kind": "samples", "name": "diabetes"}
    folder = make_run(tmp_path, data=data, architecture={"kind": "linear"}, training=training)
    ending = train_run(folder)
    assert isinstance(ending, Failed)
    assert ending.diverged
    assert "the training diverged" in ending.error["message"]
    assert "smaller learning rate" in ending.error["hint"]
    loaded, _ = newest_sound(folder)
    assert loaded is None or all(bool(torch.isfinite(value).all()) for value in loaded.weights.values())


def test_t4_the_step_its_batch_and_its_samples_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, usual = trained(tmp_path, "training.epochs=1")
    before = files(folder.checkpoints)
    spoiled(monkeypatch, at=3)
    ending = train_run(folder, ["training.epochs=2"])
    assert isinstance(ending, Failed)
    error = UserError.from_plain(dict(ending.error))
    step = usual.step + 3
    assert str(error.message) == f"The loss became NaN at step {step}, in batch 3 of epoch 2: the training diverged."
    recipe = read_recipe(folder.recipe)
    trainee = set_up(recipe, lambda event: None)
    expected = trainee.training.order(recipe.training.seed, 1)[64:96].tolist()
    names = trainee.dataset.training.names
    assert error.details == f"Samples of this batch: {', '.join(str(names[row]) for row in expected)}"
    assert files(folder.checkpoints) == before  # the good checkpoint stays


class Holed:
    """A feed whose sample 7 holds no numbers."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __len__(self) -> int:
        return len(self._real)

    def batches(self, order: Tensor, batch_size: int, start: int = 0, *, made_ready: bool = False) -> Any:
        real = self._real.batches(order, batch_size, start, made_ready=made_ready)
        places = list(order.split(batch_size))[start:]
        for (inputs, targets), rows in zip(real, places, strict=False):
            changed = inputs.float()
            changed[rows == 7] = math.nan
            yield changed, targets


def test_t4_samples_that_are_not_finite_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_hole(*arguments: Any, **named: Any) -> Trainee:
        trainee = set_up(*arguments, **named)
        trainee.training = Holed(trainee.training)  # type: ignore[assignment]
        return trainee

    monkeypatch.setattr(loop, "set_up", with_hole)
    run, ending = trained(tmp_path)
    assert isinstance(ending, Failed)
    message = str(UserError.from_plain(dict(ending.error)).message)
    name = open_data(read_recipe(run.recipe).data).training.names[7]
    assert message.endswith(f"samples of it hold values that are not finite numbers ({name}).")


def test_a_fork_goes_on_from_the_checkpoint_and_leaves_the_old_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, first = trained(tmp_path, "training.epochs=1")
    with monkeypatch.context() as patch:
        spoiled(patch, at=2)
        assert isinstance(train_run(folder, ["training.epochs=2"]), Failed)
    before = files(folder.path)
    made = fork(folder)
    rate = read_recipe(folder.recipe).training.optimizer.learning_rate
    recipe = read_recipe(made.recipe)
    assert recipe.training.optimizer.learning_rate == pytest.approx(rate / 10)
    assert recipe.training.epochs == 2
    assert made.notes()["note"].startswith(f"Goes on from {folder.name} at step {first.step}.")
    ending = train_run(made)
    assert isinstance(ending, Finished)
    assert files(folder.path) == before
    (start,) = [event for event in whole_history(made)[0].events if isinstance(event, Started)]
    assert (start.step, start.epoch) == (first.step, 1)
    assert start.parent
    rates = whole_history(made)[0].scalars["learning_rate"][1]
    assert np.all(rates <= rate / 10 * 1.0001)
    model = made.best_model()
    assert model is not None
    check_sealed(model)


def test_a_fork_with_the_same_settings_goes_on_to_the_last_bit(tmp_path: Path) -> None:
    whole, _ = trained(tmp_path, "training.epochs=2", "training.schedule.kind=constant")
    part, _ = trained(tmp_path, "training.epochs=1", "training.schedule.kind=constant")
    made = fork(part, ["training.epochs=2"])
    assert isinstance(train_run(made), Finished)
    there, here = (load_checkpoint(run.newest_checkpoints()[0]).weights for run in (whole, made))
    assert all(torch.equal(there[name], here[name]) for name in there)


def test_a_fork_gets_the_other_settings_of_its_optimizer(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    made = fork(folder, ["training.optimizer.weight_decay=0.5", "training.epochs=2"])
    assert isinstance(train_run(made), Finished)
    groups = load_checkpoint(made.newest_checkpoints()[0]).optimizer["param_groups"]
    assert groups[0]["weight_decay"] == 0.5
    other = fork(folder, ["training.optimizer.kind=sgd", "training.batch_size=16", "training.epochs=2"])
    assert isinstance(train_run(other), Finished)


def test_a_fork_keeps_data_and_model(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    with pytest.raises(UserError, match="cannot change when a run goes on from a checkpoint of another"):
        fork(folder, ["architecture.hidden=[8]"])
    assert [run.name for run in all_runs(tmp_path)] == [folder.name]


def test_a_run_without_a_checkpoint_is_begun_anew(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "training.epochs=1")
    made = ask("forking.fork", {"run": str(folder.path), "assignments": ["training.gradient_clip=1.0"]})["name"]
    assert isinstance(train_run(RunFolder(tmp_path / made)), Finished)


def test_the_command_forks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    assert main(["resume", str(folder.path), "--fork", "--set", "training.epochs=2"]) == 0
    assert "Goes on from" in capsys.readouterr().err
    assert len(all_runs(tmp_path)) == 2
    assert main(["resume", str(folder.path), "--fork", "--verify"]) == 2
