"""Pause and stop are heard wherever the training is: between steps, while it judges, while data are prepared."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.runs import Seen, make_run, trained
from workbench.core.events import Answered, EpochDone, Event, Finished, Preparing, Started, StepsDone, Stopped
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.inference import examining
from workbench.training import ledger, validation
from workbench.training.worker import train_run


@pytest.fixture(autouse=True)
def heeds_at_every_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step be reported, and wishes be heard at every step and batch."""
    monkeypatch.setattr(ledger, "_SECONDS", 0.0)
    monkeypatch.setattr(examining, "_MOST_SAMPLES", 64)


def wishing(monkeypatch: pytest.MonkeyPatch, batch: int, act: Callable[[], object]) -> None:
    """Call `act` once, when the batch of this number (counted from 1, over all validations) has been judged."""
    judged = 0
    real = validation._outputs

    def outputs(*arguments: Any) -> Iterator[Any]:
        nonlocal judged
        for pair in real(*arguments):
            judged += 1
            if judged == batch:
                act()
            yield pair

    monkeypatch.setattr(validation, "_outputs", outputs)


@pytest.mark.parametrize(
    "batch", [1, 15, 39]
)  # of 13 a validation: in the first, the second, and in the last judgement
def test_a_stop_is_heard_while_it_judges_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    whole, last = trained(tmp_path, "training.epochs=2")
    folder = make_run(tmp_path, "training.epochs=2")
    with monkeypatch.context() as patch:
        wishing(patch, batch, lambda: folder.write_wish("stop"))
        ending = train_run(folder)
    assert isinstance(ending, Stopped)
    again = train_run(folder)
    assert isinstance(again, Finished)
    assert isinstance(last, Finished)
    assert again.metrics == last.metrics
    for name, (steps, values) in whole_history(whole)[0].scalars.items():
        if name not in ("samples_per_second", "memory"):
            assert steps.tolist() == whole_history(folder)[0].scalars[name][0].tolist(), name
            assert values.tolist() == whole_history(folder)[0].scalars[name][1].tolist(), name
    epochs = [event.epoch for event in whole_history(folder)[0].events if isinstance(event, EpochDone)]
    assert epochs == [1, 2]


def test_a_pause_is_heard_while_it_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(tmp_path, "training.epochs=1")
    states: list[str] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Answered):
            states.append(event.state)
            if event.state == "paused":
                folder.write_wish("run")

    wishing(monkeypatch, 2, lambda: folder.write_wish("pause"))
    assert isinstance(train_run(folder, on_event=on_event), Finished)
    assert states == ["paused", "running"]


def test_a_stop_while_data_are_prepared_is_heard_before_the_first_step(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    seen = Seen(Preparing, lambda event: folder.write_wish("stop"))
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Stopped)
    assert ending.step == 0
    assert not seen.of(StepsDone)
    assert isinstance(train_run(folder), Finished)


def test_a_stop_before_the_first_step_is_heard_after_it_at_the_latest(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    ending = train_run(folder, on_event=Seen(Started, lambda event: folder.write_wish("stop")))
    assert isinstance(ending, Stopped)
    assert ending.step <= 1
    assert isinstance(train_run(folder), Finished)


def test_every_wish_gets_its_answer(tmp_path: Path) -> None:
    folder: RunFolder = make_run(tmp_path)
    numbers: list[int] = []

    def on_event(event: Event) -> None:
        if isinstance(event, StepsDone) and event.step == 2:
            folder.write_wish("pause")
            folder.write_wish("run")  # before the pause was heard
        if isinstance(event, Answered):
            numbers.append(event.number)

    assert isinstance(train_run(folder, on_event=on_event), Finished)
    assert numbers == [2]
