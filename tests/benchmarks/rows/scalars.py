"""Curves on record: what a number costs the thread that trains, and how much of a curve a killed training takes along.

MLflow, which asks a database for each number, is left out where it is not installed.
"""

import importlib.util
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from tests.benchmarks.measuring import Amount, Figure, Result, Row, in_turns
from workbench.core.run_folder import RunFolder, new_run
from workbench.core.run_reader import RunReader
from workbench.core.run_writer import RECORD, RunWriter
from workbench.training.ledger import Ledger

STEPS = 500_000  # with a loss and a learning rate each: a million numbers
PEER_STEPS = 20_000  # each costs the same, so that a part tells
KILLS = 3  # in a round

RECIPE = """
[data]
kind = "samples"
name = "digits"
[architecture]
kind = "mlp"
hidden = [32]
[training]
epochs = 100000
batch_size = 32
device = "cpu"
threads = 1
"""

# Trains a run, and notes when each step was done where the one who kills it can look.
TRAIN = """
import sys, time
from pathlib import Path
import numpy as np
from workbench.core.run_folder import RunFolder
from workbench.training.ledger import Ledger
from workbench.training.worker import train_run
times = np.memmap(sys.argv[2], np.float64, "r+")
add = Ledger.add
def timed(ledger, step, *facts):
    times[step - 1] = time.monotonic()
    return add(ledger, step, *facts)
Ledger.add = timed
train_run(RunFolder(Path(sys.argv[1])))
"""


def _measure(rounds: int) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        peers = {name: way for name, (package, way) in PEERS.items() if importlib.util.find_spec(package)}
        ours, *theirs = in_turns(
            rounds, lambda: _ours(folder), *(lambda way=way: way(folder) for way in peers.values())
        )
        yield Amount("A number on record, on the thread that trains", "µs", ours, at_most=0.5)
        for name, found in zip(peers, theirs, strict=True):
            yield Figure("A number on record", name, "ours", found, ours, reach=50, unit="µs")
        for name in PEERS.keys() - peers.keys():
            print(f"   {name} is not installed, and left out")
        lost = [_lost(folder / f"runs-{number}") for number in range(rounds * KILLS)]
        yield Amount("Of the curve lost when a training is killed", "s", lost, at_most=0.5)
        yield Amount("The worst of them", "s", [max(lost)], at_most=0.5)


def _ours(folder: Path) -> float:
    losses = torch.rand(1000).unbind()
    run = new_run(folder / "runs", "scalars", "")
    with RunWriter(run) as writer:
        ledger = Ledger(torch.device("cpu"))
        began = time.perf_counter()
        for step in range(1, STEPS + 1):
            if ledger.add(step, losses[step % 1000], 1e-3, 64, None) and (done := ledger.take()):
                writer.write(done)
        if done := ledger.take():
            writer.write(done)
        seconds = time.perf_counter() - began
    for name in ("training_loss", "learning_rate"):
        assert len(np.fromfile(run.attempt(1) / "scalars" / f"{name}.bin", RECORD)) == STEPS
    return seconds / (2 * STEPS) * 1e6


def _tensorboard(folder: Path) -> float:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.utils.tensorboard import SummaryWriter

    losses = torch.rand(1000).tolist()
    writer = SummaryWriter(str(folder / "tensorboard"))
    began = time.perf_counter()
    for step in range(1, PEER_STEPS + 1):
        writer.add_scalar("training_loss", losses[step % 1000], step)
        writer.add_scalar("learning_rate", 1e-3, step)
    seconds = time.perf_counter() - began
    writer.close()
    return seconds / (2 * PEER_STEPS) * 1e6


def _mlflow(folder: Path) -> float:
    import mlflow  # pyright: ignore[reportMissingImports]

    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    few = PEER_STEPS // 100
    with mlflow.start_run():
        began = time.perf_counter()
        for step in range(1, few + 1):
            mlflow.log_metrics({"training_loss": 0.5, "learning_rate": 1e-3}, step)
        return (time.perf_counter() - began) / (2 * few) * 1e6


PEERS = {"TensorBoard's SummaryWriter": ("tensorboard", _tensorboard), "MLflow": ("mlflow", _mlflow)}


def _lost(runs: Path) -> float:
    """Return how many seconds of a training's steps are not on record after a kill at a random moment."""
    run = new_run(runs, "killed", RECIPE)
    times = np.memmap(runs / "times", np.float64, "w+", shape=(2_000_000,))
    command = [sys.executable, "-c", TRAIN, str(run.path), str(runs / "times")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as trainer:
        while not times[100]:
            assert trainer.poll() is None, "the training ended by itself"
            time.sleep(0.01)
        time.sleep(random.uniform(0.5, 3))
        trainer.kill()
        trainer.wait()
    killed = time.monotonic()
    recorded = _steps_on_record(run)
    first_lost = float(times[recorded])
    return killed - first_lost if first_lost else 0.0


def _steps_on_record(run: RunFolder) -> int:
    steps, _ = RunReader(run).read().scalars["training_loss"]
    assert np.array_equal(steps, np.arange(1, len(steps) + 1)), "there are holes in the curve"
    return len(steps)


ROW = Row(8, "A million numbers from the training loop, killed at a random moment", _measure)
