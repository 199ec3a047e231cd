"""Cost as the work grows: epochs of more samples, folders of more files, an index of more runs."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks.measuring import timed
from tests.benchmarks.opening import made
from tests.benchmarks.training import _write_data
from tests.core.run_maker import finished_run
from workbench.core.run_index import RunIndex
from workbench.data import open_data

SAMPLES = (1_000, 10_000, 100_000, 1_000_000)
FILES = (1_000, 10_000, 100_000)
RUNS = (10, 100, 1_000, 10_000)
RECIPE = """
[data]
kind = "idx"
path = "{path}"
validation = 0
test = 0.001
[architecture]
kind = "mlp"
hidden = [16]
[training]
epochs = 3
batch_size = 256
"""
TRAIN = """
import json, sys
from pathlib import Path
from workbench.commands.in_terminal import queued
from workbench.core.events import EpochDone
from workbench.training import worker
epochs = []
worker.train_run(queued(Path(sys.argv[1]), (), Path(sys.argv[2])), on_event=lambda event: epochs.append(event.seconds)
                 if isinstance(event, EpochDone) else None)
print(json.dumps(epochs))
"""


def lines() -> Iterator[str]:
    """Yield a line for each size: what a unit of it took."""
    with tempfile.TemporaryDirectory() as place:
        yield "An epoch, by its samples (mlp on 28×28, batch 256)"
        for count in SAMPLES:
            yield _line(count, "sample", _epoch(Path(place) / f"samples-{count}", count), count)
        yield "Opening a folder of JPEG files for the first time, and again"
        for count in FILES:
            first, again = _opened(Path(place) / f"files-{count}", count)
            yield _line(count, "file", first, count)
            yield _line(count, "file, again", again, count)
        yield "An index of runs: made anew, refreshed, the first rows asked for"
        for count in RUNS:
            for what, seconds in _indexed(Path(place) / f"runs-{count}", count).items():
                yield _line(count, f"run, {what}", seconds, count)


def _line(count: int, unit: str, seconds: float, units: int) -> str:
    return f"  {count:>9,}  {seconds:10.4f} s  {seconds / units * 1e6:10.2f} µs a {unit}"


def _epoch(folder: Path, count: int) -> float:
    folder.mkdir()
    _write_data(folder, count)
    (folder / "recipe.toml").write_text(RECIPE.format(path=(folder / "idx").as_posix()))
    command = [sys.executable, "-c", TRAIN, str(folder / "recipe.toml"), str(folder / "runs")]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    return median(json.loads(ended.stdout.splitlines()[-1]))


def _opened(folder: Path, count: int) -> tuple[float, float]:
    os.environ["WORKBENCH_CACHE"] = str(folder / "cache")
    settings = {"kind": "image_folder", "path": str(made(folder / "images", count))}
    return timed(lambda: open_data(settings)), timed(lambda: open_data(settings))


def _indexed(runs: Path, count: int) -> dict[str, float]:
    for number in range(count):
        finished_run(runs, f"run {number}")
    index = RunIndex(runs)
    found = {"made anew": timed(index.refresh), "refreshed": timed(index.refresh), "listed": timed(index.rows)}
    index.close()
    return found
