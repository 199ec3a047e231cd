"""What makes steps faster leaves the loss curve as it is, to the last bit or as near as other sums allow."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.runs import make_run
from workbench.core.events import Finished
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.inference import feeding
from workbench.training import trainee
from workbench.training.worker import train_run

SUMS = 2e-4  # float32 sums in another order, over the 32 steps that follow each other
SHORT = 4e-2  # bfloat16 keeps 8 bits of each number


def made(runs: Path, *settings: str) -> RunFolder:
    return make_run(runs, "training.epochs=8", "training.optimizer.learning_rate=0.01", *settings)


def losses(runs: Path, *settings: str) -> np.ndarray:
    """Return the loss of every step of a small training with these settings."""
    folder = made(runs, *settings)
    assert isinstance(train_run(folder), Finished)
    return curve(folder)


def curve(folder: RunFolder) -> np.ndarray:
    history, _ = whole_history(folder)
    return history.scalars["training_loss"][1]


@pytest.fixture
def plain(tmp_path: Path) -> np.ndarray:
    found = losses(tmp_path / "plain", "training.speed=plain")
    assert found[-1] < found[0] - 0.5
    return found


@pytest.mark.parametrize(
    ("settings", "tolerance"),
    [
        pytest.param(["training.speed=fast", "training.memory_layout=contiguous"], SUMS, id="fused"),
        pytest.param(["training.speed=fast", "training.memory_layout=channels_last"], SUMS, id="channels last"),
        pytest.param(["training.speed=fast", "training.threads=2"], SUMS, id="threads"),
        pytest.param(["training.speed=fast", "training.precision=bfloat16"], SHORT, id="bfloat16"),
    ],
)
def test_a_faster_setting_leaves_the_curve(
    plain: np.ndarray, tmp_path: Path, settings: list[str], tolerance: float
) -> None:
    np.testing.assert_allclose(losses(tmp_path / "fast", *settings), plain, rtol=0, atol=tolerance)


@pytest.mark.slow
def test_compiled_steps_leave_the_curve(plain: np.ndarray, tmp_path: Path) -> None:
    folder = made(tmp_path / "fast", "training.speed=fast", "training.compile=on")
    command = [sys.executable, "-m", "workbench", "train", "--run", str(folder.path)]  # the compiler leaves threads
    subprocess.run(command, check=True, capture_output=True)
    np.testing.assert_allclose(curve(folder), plain, rtol=0, atol=SUMS)


def test_batches_made_many_at_once_are_the_same_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = losses(tmp_path / "together")
    monkeypatch.setattr(feeding, "_MOST_AT_ONCE", 1)
    np.testing.assert_array_equal(losses(tmp_path / "alone"), together)


def test_the_kernel_called_directly_gives_the_same_curve_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = losses(tmp_path / "quick")
    monkeypatch.setattr(trainee, "quick_step", lambda optimizer: None)
    np.testing.assert_array_equal(losses(tmp_path / "own"), quick)
