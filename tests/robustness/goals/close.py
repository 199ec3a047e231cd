"""The window closed at any instant: it ends in time and in order, and what it trained can be gone on with."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from tests.conftest import FOLDERS
from tests.robustness.goal import Found, Goal
from workbench.core.errors import UserError
from workbench.core.events import Stopped
from workbench.core.run_folder import all_runs
from workbench.core.run_reader import Batch, whole_history
from workbench.core.sealed import check_sealed

_SIDE_BY_SIDE = 2
_LONGEST = 10.0  # seconds from the wish to close to the end of the process
_PATIENCE = 90.0  # seconds for all of it, on a machine that does other things too


def _try(times: int, seed: int, place: Path) -> Found:
    found = Found()
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        tried = list(pool.map(lambda number: _closed(seed + number, place / str(number)), range(times)))
    found.tried = len(tried)
    found.failures = [f"seed {seed + number}: {wrong}" for number, (wrong, _, _) in enumerate(tried) if wrong]
    found.figures["while it trained"] = f"{sum(begun for _, _, begun in tried):,}"
    found.figures["longest from the wish to the end"] = f"{max((took for _, took, _ in tried), default=0.0):.1f} s"
    return found


def _closed(seed: int, place: Path) -> tuple[str, float, bool]:
    """Return what went wrong with one window, or an empty text; the seconds it took to end; whether a run had begun."""
    place.mkdir(parents=True)
    environment = {**os.environ, **{name: str(place / folder) for name, folder in FOLDERS.items()}}
    runs = place / "runs"
    command = [sys.executable, "-m", "tests.robustness.closing", str(seed), str(runs)]
    with (place / "said").open("w+b") as said:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment, start_new_session=True)
        assert child.stdout
        with child:
            line = child.stdout.readline()
            began = time.monotonic()
            try:
                code = child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                code = -99
            took = time.monotonic() - began
        said.seek(0)
        errors = said.read().decode("utf-8", "replace").strip()
    what = line.decode().strip()
    wrong = [] if code == 0 else [f"it ended with {code}"]
    wrong += [f"it took {took:.1f} s"] if took > _LONGEST else []
    wrong += [f"it said {errors[-300:]}"] if errors else []
    end_what_trains(runs)
    wrong += _runs_are_whole(runs)
    begun = bool(all_runs(runs))
    shutil.rmtree(place, ignore_errors=True)
    return "; ".join([*wrong, what] if wrong else []), took, begun


def _runs_are_whole(runs: Path) -> list[str]:
    """Return what is wrong with the runs that the window left; what still trains has been ended."""
    wrong = []
    for folder in all_runs(runs):
        history, state = whole_history(folder)
        if state == "failed":
            wrong.append(f"the run failed: {str(history.events[-1])[:200]}")
        if state == "stopped" and not folder.newest_checkpoints() and (steps := _steps(history)):
            wrong.append(f"it was stopped after {steps} steps without a checkpoint")
        for checkpoint in folder.newest_checkpoints()[:1]:
            try:
                check_sealed(checkpoint)
            except UserError as error:
                wrong.append(f"its checkpoint: {error}")
    return wrong


def _steps(history: Batch) -> int:
    """Return how many steps a run has made; one that is stopped before the first has nothing to keep."""
    last = history.events[-1]
    made = [int(steps[-1]) for steps, _ in history.scalars.values()]
    return max([last.step if isinstance(last, Stopped) else 0, *made])


def end_what_trains(runs: Path) -> None:
    """End the processes over this folder that were meant to outlive the window."""
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("WORKBENCH_RUNS") == str(runs):
                process.kill()
                left.append(process)
        except psutil.Error:
            continue  # not ours, or gone meanwhile
    psutil.wait_procs(left, timeout=10)


GOAL = Goal("The window closed at any instant", 0, 500, _try)
