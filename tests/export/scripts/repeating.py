"""Runs that are exported as a script and trained again by it, where this program cannot be seen."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.export.exporting import export

_BLOCKED = "import sys, runpy; sys.modules['workbench'] = None; sys.path.insert(0, '.'); "


def run_blocked(folder: Path, *arguments: str) -> str:
    """Run a file of the export as someone without this program would, and return what it prints."""
    source = f"{_BLOCKED}sys.argv = {list(arguments)!r}; runpy.run_path({arguments[0]!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", source], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def recorded(run: RunFolder) -> np.ndarray:
    """Return the losses of a run: (steps,) float32."""
    return whole_history(run)[0].scalars["training_loss"][1]


def repeat(run: RunFolder, out: Path) -> np.ndarray:
    """Export the run, train again by its script, and return the losses: (steps,) float64."""
    assert export(run, "script", out).difference == 0.0
    said = run_blocked(out, "train.py")
    assert "to the last bit" in said, said
    rows = (out / "losses.csv").read_text().splitlines()
    assert rows[0] == "step,loss"
    return np.array([float(row.split(",")[1]) for row in rows[1:]])


def assert_repeated(run: RunFolder, out: Path) -> None:
    """Assert that the script of a run gives every one of its losses, to the last bit."""
    losses, again = recorded(run), repeat(run, out)
    assert len(again) == len(losses)
    assert np.array_equal(again, losses.astype(np.float64), equal_nan=True)
