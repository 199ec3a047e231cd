"""Small trainings in forked processes, for the goals about what is on disk: forked from a warm parent, to be fast."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from tests.training.runs import make_run
from workbench.core.run_folder import RunFolder
from workbench.training import keeping, ledger
from workbench.training.checkpoint import newest_sound
from workbench.training.verifying import fingerprint
from workbench.training.worker import train_run

EVERY_STEP = ("training.epochs=2", "training.batch_size=16")


def saves_often() -> None:
    """Let this process report every step and save a checkpoint at each, so that it is mostly saving."""
    torch.set_num_threads(1)
    logging.getLogger("workbench").setLevel(logging.ERROR)  # every kill while saving leaves something to sweep
    ledger._SECONDS = 0.0  # pyright: ignore[reportPrivateUsage]
    keeping.Keeper.checkpoint_is_due = lambda self: True


def queued(place: Path) -> RunFolder:
    """Return a new run of a training that takes about a second in `saves_often`."""
    return make_run(place, *EVERY_STEP)


def forked(work: Callable[[], object]) -> int:
    """Do the work in a fork of this process, and return its process number; it exits with 0 unless the work raised."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        saves_often()
        work()
        code = 0
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a fork and return its exit code, negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def trained_in_fork(folder: RunFolder) -> int:
    """Train the run in a fork until it ends, and return the exit code."""
    return ended(forked(lambda: train_run(folder)))


def killed_after(folder: RunFolder, seconds: float) -> bool:
    """Train the run in a fork that is killed after so many seconds; return whether it still lived."""
    child = forked(lambda: train_run(folder))
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return ended(child) == -signal.SIGKILL


def result(folder: RunFolder) -> str:
    """Return the SHA-256 of weights and optimizer in the newest sound checkpoint."""
    loaded, _ = newest_sound(folder)
    return fingerprint(loaded) if loaded else ""
