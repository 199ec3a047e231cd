"""Steps that are recorded and replayed, here by a recorder that does the work again instead of a device's graph."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.runs import make_run
from workbench.core.events import EpochDone, Finished, Warned
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.networks.recording import Work
from workbench.training import graphs, setup
from workbench.training.checkpoint import newest_sound
from workbench.training.verifying import verify_resume
from workbench.training.worker import train_run

RATE = f"training.optimizer.learning_rate={2**-7}"  # the same number in float32


class Recorder:
    """Counts what is recorded and replayed."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0
        self.is_on = True
        self.wrong: Exception | None = None

    def __call__(self, work: Work) -> Work:
        if self.wrong:
            raise self.wrong
        self.recorded += 1

        def again() -> None:
            self.replayed += 1
            work()

        return again


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Let steps on the CPU be recorded as they are on a GPU."""
    recorder, resolved = Recorder(), setup.resolved

    def with_graphs(*arguments: Any, **named: Any) -> Any:
        recipe = resolved(*arguments, **named)
        asked = "on" if recorder.is_on else "off"
        return recipe.model_copy(update={"training": recipe.training.model_copy(update={"cuda_graphs": asked})})

    monkeypatch.setattr(setup, "resolved", with_graphs)
    monkeypatch.setattr(graphs, "CudaRecorder", lambda: recorder)
    return recorder


def trained(runs: Path, *settings: str) -> tuple[RunFolder, list[Any]]:
    told: list[Any] = []
    folder = make_run(runs, "training.epochs=6", "training.schedule.kind=constant", RATE, *settings)
    assert isinstance(train_run(folder, on_event=told.append), Finished)
    return folder, told


def losses(folder: RunFolder) -> np.ndarray:
    return whole_history(folder)[0].scalars["training_loss"][1]


@pytest.mark.parametrize(
    ("optimizer", "tolerance"), [("adam", 1e-6), ("adamw", 1e-6), ("sgd", 0.0), ("muon", 1e-5)]
)  # the same up to the last bits: Muon's steps, for one, are multiplied by their rate before they are added
def test_replayed_steps_are_those_that_would_be_taken(
    optimizer: str, tolerance: float, recorder: Recorder, tmp_path: Path
) -> None:
    settings = (f"training.optimizer.kind={optimizer}", "training.gradient_clip=0.5")
    graphed, told = trained(tmp_path / "graphed", *settings)
    assert recorder.recorded == 2  # the last batch of an epoch is smaller
    assert recorder.replayed > 10
    recorder.is_on = False
    plain, expected = trained(tmp_path / "plain", *settings)
    np.testing.assert_allclose(losses(graphed), losses(plain), rtol=0, atol=tolerance)
    means = [[done.metrics for done in side if isinstance(done, EpochDone)] for side in (told, expected)]
    for mine, theirs in zip(*means, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)


def test_a_run_that_is_resumed_records_anew_and_goes_on_as_it_would_have(recorder: Recorder, tmp_path: Path) -> None:
    whole, _ = trained(tmp_path / "whole")
    parts = make_run(tmp_path / "parts", "training.epochs=3", "training.schedule.kind=constant", RATE)
    assert isinstance(train_run(parts), Finished)
    loaded, _ = newest_sound(parts)
    assert loaded
    assert loaded.optimizer["param_groups"][0]["lr"] == 2**-7  # a number, not a place on the device
    assert isinstance(train_run(parts, ["training.epochs=6"]), Finished)
    np.testing.assert_array_equal(losses(parts), losses(whole))


def test_a_trainee_that_goes_back_to_a_checkpoint_records_anew(recorder: Recorder, tmp_path: Path) -> None:
    folder, _ = trained(tmp_path / "runs")
    recorder.recorded = 0
    found = verify_resume(folder, steps=5)
    assert found.identical
    assert recorder.recorded == 2  # what was recorded first knows only the moments of then


def test_what_cannot_be_recorded_is_trained_all_the_same(recorder: Recorder, tmp_path: Path) -> None:
    recorder.wrong = RuntimeError("operation not permitted when stream is capturing")
    folder, told = trained(tmp_path / "runs")
    assert not recorder.replayed
    assert not [event for event in told if isinstance(event, Warned)]
    assert len(losses(folder)) == 6 * 6


def test_memory_of_recorded_steps_is_given_back_before_batches_are_cut(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replayed = graphs.Graphs.replayed
    seen: list[int] = []

    def short(self: graphs.Graphs, *arguments: Any) -> Any:
        seen.append(1)
        if len(seen) == 12:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return replayed(self, *arguments)

    monkeypatch.setattr(graphs.Graphs, "replayed", short)
    folder, told = trained(tmp_path / "runs")
    assert not [event for event in told if isinstance(event, Warned)]  # the whole batch fits without them
    assert len(seen) == 12
    recorder.is_on = False
    expected, _ = trained(tmp_path / "plain")
    np.testing.assert_array_equal(losses(folder), losses(expected))
