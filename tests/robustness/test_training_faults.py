"""Faults of a training, by their numbers: infinite gradients, lost processes, data that raise, threads that raise."""

import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot
from torch import Tensor
from torch.amp.grad_scaler import GradScaler

from tests.core.run_maker import queued_run
from tests.gui.test_jobs import FAKE, in_thread
from tests.robustness.goals.soak import GOAL as SOAK
from tests.training.runs import trained
from workbench.core.errors import UserError
from workbench.core.events import Failed, Finished
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.data.dataset import Split
from workbench.gui import jobs
from workbench.gui.jobs import Trainings
from workbench.inference import feeding
from workbench.training import loop
from workbench.training.checkpoint import load_checkpoint
from workbench.training.setup import set_up
from workbench.training.trainee import Trainee
from workbench.training.worker import train_run


@pytest.fixture
def trainings(qtbot: QtBot) -> Iterator[Trainings]:
    trainings = Trainings(command=FAKE)
    yield trainings
    if not trainings.close(stop=True):
        qtbot.waitUntil(trainings.is_quiet, timeout=10_000)
    trainings.deleteLater()


def with_infinite_gradients(monkeypatch: pytest.MonkeyPatch, at: tuple[int, ...]) -> None:
    """Let the steps of these numbers, counted from 1, have a gradient that float16 has no number for."""

    def infinite(*arguments: Any, **named: Any) -> Trainee:
        trainee = set_up(*arguments, **named)
        trainee.scaler = GradScaler("cpu", init_scale=16.0)
        real, count = trainee.forward, 0

        def forward(inputs: Tensor) -> Tensor:
            nonlocal count
            count += 1
            outputs = real(inputs)
            if count in at:
                outputs.register_hook(lambda gradient: gradient * math.inf)
            return outputs

        trainee.forward = forward
        return trainee

    monkeypatch.setattr(loop, "set_up", infinite)


def test_t5_steps_with_an_infinite_gradient_are_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_infinite_gradients(monkeypatch, at=(2, 3, 5))
    folder, ending = trained(tmp_path, "training.epochs=1")
    assert isinstance(ending, Finished)
    counted = whole_history(folder)[0].scalars["skipped_steps"][1]
    assert counted[-1] == 3
    saved = load_checkpoint(folder.newest_checkpoints()[0])
    assert saved.extra["skipped"] == 3
    assert saved.extra["scaler"]["scale"] == 16.0 / 2**3
    assert all(bool(torch.isfinite(value).all()) for value in saved.weights.values())
    with_infinite_gradients(monkeypatch, at=(1,))
    assert isinstance(train_run(folder, ["training.epochs=2"]), Finished)
    assert whole_history(folder)[0].scalars["skipped_steps"][1][-1] == 4  # the count goes on


def test_t6_a_trainer_that_aborts_leaves_the_window_alive(qtbot: QtBot, trainings: Trainings, tmp_path: Path) -> None:
    lost, other = queued_run(tmp_path, rate=0.4), queued_run(tmp_path, rate=0.1)
    with qtbot.waitSignal(trainings.ended, timeout=10_000) as ended:
        trainings.submit(lost)
        trainings.submit(other)
    assert ended.args is not None
    error: UserError = ended.args[1]
    assert error.translated() == (
        f"The trainer of {lost.name} ended unexpectedly. Resume the run: it goes on from its last checkpoint."
    )
    assert "SIGABRT" in error.details or os.name == "nt"
    assert whole_history(lost)[1] == "interrupted"
    assert len(whole_history(lost)[0].scalars["training_loss"][0]) == 10  # every step that was told is kept
    qtbot.waitUntil(lambda: whole_history(other)[1] == "finished", timeout=10_000)  # in a new process


def spoiled_row(monkeypatch: pytest.MonkeyPatch, row: int) -> None:
    """Let a data set raise at one of its samples, which are read as they are needed."""
    real = Split.rows

    def rows(split: Split, positions: Any = None) -> np.ndarray:
        if threading.current_thread().name == "reader" and isinstance(positions, np.ndarray) and row in positions:
            raise KeyError("no such member")
        return real(split, positions)

    monkeypatch.setattr(feeding, "_SHARE", 0.0)
    monkeypatch.setattr(Split, "rows", rows)


def test_t8_data_that_raise_in_a_background_thread_name_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    kept = folder.newest_checkpoints()
    name = set_up_names(folder)[11]
    spoiled_row(monkeypatch, 11)
    ending = train_run(folder, ["training.epochs=2"])
    assert isinstance(ending, Failed)
    error = UserError.from_plain(dict(ending.error))
    assert str(error.message) == f"The sample {name} could not be read: KeyError: 'no such member'."
    assert "Mend or leave out this sample" in error.translated()
    assert "Traceback" in error.details
    assert folder.newest_checkpoints() == kept
    monkeypatch.undo()
    assert isinstance(train_run(folder, ["training.epochs=2"]), Finished)


def set_up_names(folder: RunFolder) -> Any:
    from workbench.recipe import read_recipe

    return set_up(read_recipe(folder.recipe), lambda event: None).dataset.training.names


def test_t12_an_exception_in_the_thread_marks_the_run_failed_and_not_done(
    qtbot: QtBot, trainings: Trainings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(thread: jobs.TrainingThread) -> None:
        raise RuntimeError("the ground opened")

    monkeypatch.setattr(jobs.TrainingThread, "_train_here", fail)
    folder = in_thread(queued_run(tmp_path))
    finished: list[str] = []
    with qtbot.waitSignal(trainings.ended, timeout=10_000) as ended:
        trainings.submit(folder)
        trainings._threads[folder.name].finished.connect(lambda: finished.append(folder.name))
    assert ended.args is not None
    assert ended.args[1].translated() == (
        "Training could not go on: RuntimeError: the ground opened. The details say where it happened."
    )
    assert "Traceback" in ended.args[1].details
    qtbot.waitUntil(lambda: finished == [folder.name])  # Qt says finished, and the run is failed all the same
    assert whole_history(folder)[1] == "failed"


@pytest.mark.slow
def test_a_long_training_takes_no_more_memory_files_or_threads_in_the_end(tmp_path: Path) -> None:
    found = SOAK.try_it(30_000, 0, tmp_path)
    assert not found.failures
    assert found.tried == 30_000
