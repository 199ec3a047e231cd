"""A run that was stopped and resumed is the run that was never stopped: curves, learning rates, endings, figures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.training.runs import Seen, make_run, trained
from workbench.core.events import EpochDone, Event, Finished, ModelSaved, Started, StepsDone, Stopped
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import seconds_between, whole_history
from workbench.training import ledger
from workbench.training.checkpoint import newest_sound
from workbench.training.worker import recipe_of, train_run


@pytest.fixture(autouse=True)
def heeds_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step be reported, and wishes be heard at every step."""
    monkeypatch.setattr(ledger, "_SECONDS", 0.0)


def stop(folder: RunFolder) -> Callable[[Event], object]:
    return lambda event: folder.write_wish("stop")


def stopped_after(folder: RunFolder, steps: int) -> Stopped:
    ending = train_run(folder, on_event=Seen(StepsDone, stop(folder), after=steps))
    assert isinstance(ending, Stopped)
    return ending


def series(folder: RunFolder, name: str) -> tuple[list[int], list[float]]:
    steps, values = whole_history(folder)[0].scalars[name]
    return steps.tolist(), values.tolist()


@pytest.mark.parametrize("accumulation", [1, 4])
def test_wherever_it_was_stopped_the_learning_rates_and_the_epochs_are_the_same(
    tmp_path: Path, accumulation: int
) -> None:
    changes = (f"training.accumulation={accumulation}", "training.epochs=2")
    whole, ending = trained(tmp_path, *changes)
    assert isinstance(ending, Finished)
    per_epoch = ending.step // 2
    for steps in range(1, per_epoch + 1):
        parts = make_run(tmp_path, *changes)
        assert stopped_after(parts, steps).step == steps
        assert isinstance(train_run(parts), Finished)
        for name in ("learning_rate", "training_loss", "validation_loss", "validation_accuracy"):
            assert series(whole, name) == series(parts, name), (steps, name)


def test_an_extension_that_is_stopped_goes_on_as_the_extension(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    twin, _ = trained(tmp_path, "training.epochs=1")
    train_run(twin, ["training.epochs=3"])
    train_run(folder, ["training.epochs=3"], on_event=Seen(StepsDone, stop(folder), after=2))
    assert isinstance(train_run(folder), Finished)
    assert series(folder, "learning_rate") == series(twin, "learning_rate")


def test_a_setting_that_was_changed_back_stays_so(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    train_run(folder, ["training.patience=7"])
    train_run(folder, ["training.patience=0"])
    assert recipe_of(folder)[0].training.patience == 0


def test_the_last_checkpoint_of_a_run_says_that_its_last_epoch_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.training.keeping.Keeper.checkpoint_is_due", lambda keeper: True)
    folder, _ = trained(tmp_path, "training.epochs=2")
    loaded, _ = newest_sound(folder)
    assert loaded is not None
    assert (loaded.position.epoch, loaded.position.batches) == (2, 0)
    seen = Seen()
    train_run(folder, ["training.epochs=3"], on_event=seen)
    assert [event.epoch for event in seen.of(EpochDone)] == [3]


def test_a_run_that_ended_early_ends_at_once_when_it_is_resumed(tmp_path: Path) -> None:
    folder, first = trained(tmp_path, "training.epochs=9", "training.target_metric=loss", "training.target_value=99")
    again = train_run(folder)
    assert isinstance(first, Finished)
    assert isinstance(again, Finished)
    assert first.epoch == again.epoch == 1
    assert str(first.reason) == str(again.reason)
    assert first.metrics == again.metrics
    further = train_run(folder, ["training.epochs=2", 'training.target_metric="none"'])
    assert isinstance(further, Finished)
    assert further.epoch == 2


def test_a_stop_after_a_resume_still_knows_the_best_figures(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    ending = train_run(folder, on_event=Seen(EpochDone, stop(folder)))
    assert isinstance(ending, Stopped)
    again = train_run(folder, on_event=Seen(Started, stop(folder)))
    assert isinstance(again, Stopped)
    assert again.epoch == 1
    assert again.metrics == ending.metrics
    assert "validation_accuracy" in again.metrics


def test_the_time_of_a_run_counts_every_attempt_once(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    first = stopped_after(folder, 2)
    last = train_run(folder)
    assert last.seconds > first.seconds
    assert seconds_between(folder) == last.seconds


def test_the_evaluation_names_the_step_of_the_model_that_was_judged(tmp_path: Path) -> None:
    from workbench.inference.evaluation import kept_evaluation

    folder, _ = trained(
        tmp_path, "training.epochs=6", "training.optimizer.learning_rate=0.3", "training.keep_best=loss"
    )
    saved = [event for event in whole_history(folder)[0].events if isinstance(event, ModelSaved)]
    kept = kept_evaluation(folder, "validation")
    assert kept is not None
    assert (kept["model"], kept["step"]) == (saved[-1].name, saved[-1].step)
    assert kept["step"] < np.max(series(folder, "training_loss")[0]), "the best was not the last, or this tests nothing"
