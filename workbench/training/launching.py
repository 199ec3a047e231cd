"""Starts the processes that train a run together on this machine, and follows them by the run's folder."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

import workbench
from workbench.core.errors import UserError
from workbench.core.events import Ending, Event, Failed, Started, StepsDone
from workbench.core.launched import is_launched
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import Batch, RunReader
from workbench.hyperparameters import Training
from workbench.training.devices import chosen_device

_LOOK_SECONDS = 0.1  # between two looks at the run's folder
_DETAILS = 4_000  # characters of their output that an error carries along


def processes_wanted(training: Training) -> int:
    """Return how many processes this one is to start for a training; 1 when it trains by itself, or is one of them."""
    count = training.processes.count
    if count == 1 or is_launched():
        return 1
    if count == "all":
        return max(torch.cuda.device_count(), 1) if chosen_device(training.device).type == "cuda" else 1
    return count


def train_together(
    folder: RunFolder, assignments: Sequence[str], training: Training, on_event: Callable[[Event], None]
) -> Ending:
    """Let several processes train the run until it ends, and return how it ended; what happens goes to `on_event`.

    They go on when this process dies, as it only looks on.
    """
    reader = RunReader(folder)
    reader.read()
    ending: Ending | None = None
    command = torchrun(folder, assignments, processes_wanted(training), training.processes.restarts)
    with (folder.path / "log.txt").open("ab") as log, _running(command, log.fileno()) as process:
        is_over = False
        while not is_over:
            is_over = process.poll() is not None  # looked at first: then nothing can come after the last read
            for event in _happenings(reader.read()):
                ending = event if isinstance(event, Ending) else ending
                on_event(event)
            if isinstance(ending, Failed):
                break  # the same would happen again: nothing is started once more
            time.sleep(0 if is_over else _LOOK_SECONDS)
    if ending is None:
        ending = Failed(0, _ended(folder, process.returncode).to_plain())
        on_event(ending)
    return ending


def torchrun(folder: RunFolder, assignments: Sequence[str], processes: int, restarts: int) -> list[str]:
    """Return the command that starts so many processes on this machine, at a port of its own choice.

    Without the two dashes torchrun takes --run for an abbreviation of an option of its own.
    """
    chosen = [part for assignment in assignments for part in ("--set", assignment)]
    return [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *("--nproc-per-node", str(processes), "--max-restarts", str(restarts)),
        *("-m", "--", "workbench", "train", "--run", str(folder.path), *chosen, "--json"),
    ]


@contextmanager
def _running(command: Sequence[str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run it in a session of its own, where no key pressed in a terminal reaches it; left early, it is ended."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=_environment(os.environ),
        start_new_session=os.name != "nt",
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()


def _environment(around: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which this very program is found again."""
    root = str(Path(workbench.__file__).parent.parent)
    paths = [root, *(path for path in around.get("PYTHONPATH", "").split(os.pathsep) if path and path != root)]
    return {"OMP_NUM_THREADS": "1", **around, "PYTHONPATH": os.pathsep.join(paths)}


def _happenings(batch: Batch) -> list[Event]:
    """Return what is new as events, with all steps in one, after the start and before what follows from them."""
    steps = [int(values[0][-1]) for values in batch.scalars.values()]
    begun = max((place + 1 for place, event in enumerate(batch.events) if isinstance(event, Started)), default=0)
    done = [StepsDone(max(steps), batch.scalars)] if steps else []
    return [*batch.events[:begun], *done, *batch.events[begun:]]


def _ended(folder: RunFolder, code: int) -> UserError:
    log = (folder.path / "log.txt").read_text("utf-8", "replace")[-_DETAILS:]
    return UserError(
        "The processes of this training ended unexpectedly.",
        hint="Resume the run: it goes on from its last checkpoint. The details say what they wrote.",
        details=f"exit code {code}\n{log}",
    )
