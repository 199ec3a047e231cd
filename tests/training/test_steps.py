"""A training that is told its steps trains exactly so many, also when it was stopped, resumed or extended."""

from pathlib import Path

import pytest

from tests.training.runs import Seen, make_run, trained
from tests.training.test_resuming import series, stopped_after
from workbench.core.events import EpochDone, Finished, Started, StepsDone
from workbench.core.run_reader import whole_history
from workbench.training import ledger
from workbench.training.worker import train_run

PER_EPOCH = 6  # steps of 32 of the few digits


@pytest.fixture(autouse=True)
def heeds_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_SECONDS", 0.0)


@pytest.mark.parametrize(("steps", "epochs"), [(4, 1), (6, 1), (8, 2), (18, 3)])
def test_so_many_steps_whatever_the_epochs_say(tmp_path: Path, steps: int, epochs: int) -> None:
    folder = make_run(tmp_path, f"training.steps={steps}", "training.epochs=100")
    seen = Seen()
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Finished)
    [began] = seen.of(Started)
    assert (began.steps_per_epoch, began.total_steps, began.epochs) == (PER_EPOCH, steps, epochs)
    assert ending.step == steps
    assert series(folder, "training_loss")[0] == list(range(1, steps + 1))
    assert [event.step for event in seen.of(EpochDone)] == [min(PER_EPOCH * (i + 1), steps) for i in range(epochs)]
    assert "validation_loss" in ending.metrics
    rates = series(folder, "learning_rate")[1]
    assert rates[-1] < 0.3 * rates[0]  # the schedule ends with the steps, not with the epochs


@pytest.mark.parametrize("stopped", [3, 6, 7])
def test_a_stop_changes_nothing(tmp_path: Path, stopped: int) -> None:
    whole, _ = trained(tmp_path, "training.steps=8")
    parts = make_run(tmp_path, "training.steps=8")
    assert stopped_after(parts, stopped).step == stopped
    assert isinstance(train_run(parts), Finished)
    for name in ("learning_rate", "training_loss", "validation_loss"):
        assert series(whole, name) == series(parts, name)


def test_more_steps_go_on_from_the_last(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.steps=4")
    seen = Seen()
    ending = train_run(folder, ["training.steps=9"], on_event=seen)
    assert isinstance(ending, Finished)
    assert ending.step == 9
    assert seen.of(StepsDone)[0].step == 5
    assert whole_history(folder)[1] == "finished"


def test_a_finished_run_does_not_train_again(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.steps=4")
    before = series(folder, "training_loss")
    assert isinstance(train_run(folder), Finished)
    assert series(folder, "training_loss") == before
