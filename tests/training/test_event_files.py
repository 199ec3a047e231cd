"""What TensorBoard's own reader finds in a run that wrote for it."""

from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.runs import make_run, trained
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.training.worker import train_run


def read(folder: RunFolder) -> EventAccumulator:
    found = EventAccumulator(str(folder.path / "tensorboard"), size_guidance={"scalars": 0})
    found.Reload()
    return found


def test_every_point_is_there(tmp_path: Path):
    folder, _ = trained(tmp_path, "training.event_files=true")
    found, curves = read(folder), whole_history(folder)[0].scalars
    steps, values = curves["training_loss"]
    told = found.Scalars("training/loss")
    assert [each.step for each in told] == steps.tolist()
    np.testing.assert_allclose([each.value for each in told], values, rtol=1e-6)
    epochs = curves["validation_loss"][1]
    assert [each.value for each in found.Scalars("validation/loss")] == pytest.approx(epochs.tolist())
    assert "test/accuracy" in found.Tags()["scalars"]


def test_a_run_that_goes_on_has_no_step_twice(tmp_path: Path):
    folder = make_run(tmp_path, "training.event_files=true")
    train_run(folder)
    train_run(folder, ["training.epochs=5"])
    told = [each.step for each in read(folder).Scalars("training/loss")]
    assert told == list(range(1, len(told) + 1))
    assert len(told) == len(whole_history(folder)[0].scalars["training_loss"][0])


def test_nothing_is_written_unless_it_is_wanted(tmp_path: Path):
    folder, _ = trained(tmp_path)
    assert not (folder.path / "tensorboard").exists()
