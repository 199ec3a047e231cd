"""Runs that are exported as a script and trained again by it, where this program cannot be seen."""

import base64
import csv
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.engine import prediction
from workbench.export import targets
from workbench.export.companions import describe, example
from workbench.export.subject import Subject

_BLOCKED = """
import runpy, sys
sys.modules["workbench"] = None
sys.path.insert(0, ".")
for command in {commands!r}:
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")
    print("--")
"""


def run_blocked(folder: Path, *commands: list[str]) -> list[str]:
    """Run files of the export as someone without this program would, and return what each prints.

    All of them in one process: to import torch takes most of the time.
    """
    source = _BLOCKED.format(commands=commands)
    done = subprocess.run([sys.executable, "-c", source], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("--\n")


def recorded(run: RunFolder) -> np.ndarray:
    """Return the losses of a run: (steps,) float32."""
    return whole_history(run)[0].scalars["training_loss"][1]


def write_script(run: RunFolder, out: Path) -> None:
    """Write the script of a run into the new folder `out`, without the comparison that an export makes."""
    subject = Subject.of_run(run)
    assert targets["script"].refuses(subject) is None
    out.mkdir()
    (out / "model.json").write_text(describe(subject), encoding="utf-8")
    targets["script"].write(subject, out)
    (out / "example.py").write_text(example(subject, targets["script"]), encoding="utf-8")


def assert_repeated(run: RunFolder, out: Path, *after: list[str]) -> None:
    """Assert that the script of a run in the folder `out` gives every one of its losses, to the last bit.

    after: commands that run then and must say something.
    """
    said, *others = run_blocked(out, ["train.py"], *after)
    rows = (out / "losses.csv").read_text().splitlines()
    assert rows[0] == "step,loss"
    again = np.array([float(row.split(",")[1]) for row in rows[1:]])
    losses = recorded(run)
    assert len(again) == len(losses)
    assert np.array_equal(again, losses.astype(np.float64), equal_nan=True)
    assert "Every loss is that of the run" in said
    kept = Subject.of_run(run).model.network.state_dict()
    for name, tensor in load_file(out / "trained.safetensors").items():
        assert torch.equal(tensor, kept[name]), name
    assert all(other.strip() for other in others[:-1])
    assert len(others) == len(after) + 1


def raw_input(run: RunFolder, place: Path) -> str:
    """Write or return a sample of the data of a run, as someone would give it to the example."""
    sample = prediction.sample(str(run.path), 0)
    if "text" in sample:
        return f"[MASK] {sample['text']}"  # first, since long texts are cut
    if "image" in sample:
        (place / "picture.png").write_bytes(base64.b64decode(sample["image"]))
        return str(place / "picture.png")
    if "row" in sample:
        return _written(place / "table.csv", list(sample["row"]), [list(sample["row"].values())])
    return _written(place / "series.csv", Subject.of_run(run).preprocessing.columns, sample["series"])


def _written(path: Path, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return str(path)
