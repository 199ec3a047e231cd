"""The cost of a step: a whole `workbench train` with everything on by default, against the loops of others."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from tests.benchmarks.measuring import Figure, in_turns
from tests.benchmarks.training import _write_data

OURS = """
import json, sys
from pathlib import Path
from workbench.commands.in_terminal import queued
from workbench.core.events import Finished, StepsDone
from workbench.training import worker
taken = []
def heard(event):
    if isinstance(event, StepsDone) and "training_loss" in event.scalars:
        taken.append((time.perf_counter(), event.step))
import time
ending = worker.train_run(queued(Path(sys.argv[1]), sys.argv[3:], Path(sys.argv[2])), on_event=heard)
assert isinstance(ending, Finished), ending
(began, first), (ended, last) = taken[0], taken[-1]
print(json.dumps({"seconds": (ended - began) / (last - first)}))
"""


def figures(
    network: str, batch: int, steps: int, against: dict[str, float], rounds: int, settings: dict[str, str] | None = None
) -> Iterator[Figure]:
    """Yield ours against each of the peers, as seconds of a step; peers: their name to the ratio to reach.

    settings: of ours, besides the defaults. Each peer runs with the number of threads that suits it best.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write_data(folder, 60_000)
        recipe = folder / "recipe.toml"
        recipe.write_text(RECIPES[network].format(batch=batch, steps=steps))
        flags = [f"{name}={value}" for name, value in (settings or {}).items()]
        ours = [sys.executable, "-c", OURS, str(recipe), str(folder / "runs"), *flags]
        there = {peer: reach for peer, reach in against.items() if find_spec(peer) or peer in ("resident", "plain")}
        for peer in against.keys() - there:
            print(f"   {peer} is not installed, and is left out", flush=True)
        count = {"lightning": steps // 4, "keras": steps // 4}
        ways: list[Callable[[], float]] = [lambda: _said(ours)]
        names = []
        for peer in there:
            command = [sys.executable, "-m", "tests.benchmarks.peers", peer, network, place, str(batch)]
            command += [str(count.get(peer, steps))]
            tries = {number: [*command[:-1], "300", str(number)] for number in (1, os.cpu_count() or 1)}
            tried = {number: min(found) for number, found in zip(tries, _in_turns(list(tries.values())), strict=True)}
            threads = min(tried, key=lambda number: tried[number])
            names.append(f"{peer}, {threads} thread{'s' * (threads > 1)}")
            ways.append(lambda command=command, threads=threads: _said([*command, str(threads)]))
        mine, *theirs = in_turns(rounds, *ways)
        for (peer, reach), name, found in zip(there.items(), names, theirs, strict=True):
            title = f"{network}, batch {batch}, a step, against {peer} ({median(found) * 1e6:,.0f} µs)"
            yield Figure(title, name, "workbench train", found, mine, reach)


def _in_turns(commands: list[list[str]]) -> list[list[float]]:
    return in_turns(3, *(lambda command=command: _said(command) for command in commands))


def _said(command: list[str]) -> float:
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(ended.stdout.splitlines()[-1])["seconds"]


_COMMON = """
[data]
kind = "idx"
path = "idx"
validation = 0
test = 0.01
[training]
batch_size = {batch}
steps = {steps}
[training.optimizer]
kind = "adam"
"""
RECIPES = {
    "mlp": _COMMON + '[architecture]\nkind = "mlp"\nhidden = [128]\n',
    "dcnn": _COMMON + '[architecture]\nkind = "convnet"\n',
}
