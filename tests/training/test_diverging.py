"""Numbers that are not numbers: never kept as the best, never in a checkpoint, and what was good is not lost."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.runs import Seen, make_run, trained
from workbench.core.events import Failed, ModelSaved, StepsDone
from workbench.core.run_reader import whole_history
from workbench.training import keeping, stepping
from workbench.training.checkpoint import newest_sound
from workbench.training.stepping import take_step
from workbench.training.worker import train_run


def spoil(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Let the weights become NaN in the step of this number, counted from 1, whose own loss is still a number."""

    def step(trainee: Any, parts: Any, done: int, *rest: Any) -> Any:
        answer = take_step(trainee, parts, done, *rest)
        if done + 1 == at:
            with torch.no_grad():
                next(iter(trainee.network.parameters())).fill_(math.nan)
        return answer

    monkeypatch.setattr(stepping, "take_step", step)


@pytest.mark.parametrize("validation", [0.45, 0.0])
def test_weights_that_are_not_numbers_are_never_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, validation: float
) -> None:
    per_epoch = math.ceil(trained(tmp_path, f"data.validation={validation}", "training.epochs=1")[1].step)
    spoil(monkeypatch, at=2 * per_epoch)  # the last step of the last epoch: no step after it would notice
    folder = make_run(tmp_path, f"data.validation={validation}", "training.epochs=2")
    ending = train_run(folder)
    assert isinstance(ending, Failed)
    assert "diverged" in ending.error["message"]
    assert [event.epoch for event in whole_history(folder)[0].events if isinstance(event, ModelSaved)] == [1]
    loaded, _ = newest_sound(folder)
    assert loaded is None or all(bool(torch.isfinite(value).all()) for value in loaded.weights.values())


def test_a_loss_that_is_not_a_number_is_no_best_and_does_not_hide_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = True
    real = keeping.Keeper.is_best

    def is_best(keeper: keeping.Keeper, found: dict[str, float]) -> bool:
        nonlocal first
        found = {**found, "validation_loss": math.nan, "validation_accuracy": 1.0} if first else found
        first = False
        return real(keeper, found)

    monkeypatch.setattr(keeping.Keeper, "is_best", is_best)
    folder, _ = trained(tmp_path)
    saved = [event for event in whole_history(folder)[0].events if isinstance(event, ModelSaved)]
    assert saved[0].epoch == 2
    loaded, _ = newest_sound(folder)
    assert loaded is not None
    assert loaded.position.lowest_loss is not None
    assert math.isfinite(loaded.position.lowest_loss)


def test_the_best_model_that_waits_in_memory_is_kept_when_training_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = keeping.Keeper._save_model

    def slow(keeper: keeping.Keeper, *arguments: Any, **named: Any) -> ModelSaved:
        saved = real(keeper, *arguments, **named)
        keeper._rested_at = math.inf
        return saved

    monkeypatch.setattr(keeping.Keeper, "_save_model", slow)
    per_epoch = trained(tmp_path, "training.epochs=1")[1].step
    spoil(monkeypatch, at=2 * per_epoch + 1)
    folder = make_run(tmp_path, "training.epochs=4", "training.optimizer.learning_rate=0.01")
    ending = train_run(folder)
    assert isinstance(ending, Failed)
    saved = [event for event in whole_history(folder)[0].events if isinstance(event, ModelSaved)]
    assert [event.epoch for event in saved] == [1, 2]


def test_the_steps_before_a_failure_are_on_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(trainee: Any, parts: Any, done: int, *rest: Any) -> Any:
        if done == 3:
            raise OSError(5, "Input/output error", "images.npy")
        return take_step(trainee, parts, done, *rest)

    monkeypatch.setattr(stepping, "take_step", step)
    seen = Seen()
    folder = make_run(tmp_path)
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Failed)
    assert "Input/output" in str(ending.error)
    assert np.array_equal(whole_history(folder)[0].scalars["training_loss"][0], [1, 2, 3])
    assert seen.of(StepsDone)[-1].step == 3
