"""kill -9 at a random instant of a training that saves at every step, and resumed to its end."""

import random
import shutil
import time
from pathlib import Path

from tests.robustness.goal import Found, Goal
from tests.robustness.storage import killed_after, queued, result, trained_in_fork
from workbench.core.events import CheckpointSaved
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.training.checkpoint import load_checkpoint
from workbench.training.worker import train_run


def _try(times: int, seed: int, place: Path) -> Found:
    found = Found()
    whole = queued(place / "whole")
    train_run_warm(queued(place / "warm"))
    began = time.monotonic()
    if trained_in_fork(whole):
        raise RuntimeError("the run that nobody kills did not end well")
    lasts = time.monotonic() - began
    wanted, lost, saving = result(whole), 0, 0
    dice = random.Random(seed)
    while found.tried < times:
        seconds = dice.uniform(0.02, lasts)
        folder = queued(place / "runs")
        if killed_after(folder, seconds):
            found.tried += 1
            saving += any(folder.path.rglob(".tmp-*"))
            wrong, steps = _what_is_wrong(folder, wanted)
            lost = max(lost, steps)
            if wrong:
                found.failures.append(f"{wrong} (seed {seed}, try {found.tried}, after {seconds:.4f} s)")
        shutil.rmtree(folder.path)
    found.figures = {"killed while saving": str(saving), "most steps lost": str(lost)}
    return found


def train_run_warm(folder: RunFolder) -> None:
    """Train once in this process, so that its forks have everything loaded."""
    train_run(folder)


def _what_is_wrong(folder: RunFolder, wanted: str) -> tuple[str, int]:
    """Return what is not as it should be after a kill and in the resumed run, and how many steps the kill cost."""
    history, state = whole_history(folder)
    if folder.attempts() and state != "interrupted" and state != "finished":
        return f"the state is {state}", 0
    acknowledged = [event.name for event in history.events if isinstance(event, CheckpointSaved)]
    newest = next(iter(folder.newest_checkpoints()), None)
    step = 0
    if newest:
        step = load_checkpoint(newest).position.step  # it raises when it cannot be loaded
    if acknowledged and (newest is None or newest.name < acknowledged[-1]):
        return f"{acknowledged[-1]} was acknowledged, and the newest is {newest}", 0
    done = history.scalars.get("training_loss")
    lost = int(done[0][-1]) - step if done else 0
    if lost > 1:  # one interval, which is a step here
        return f"{lost} steps were lost", lost
    if trained_in_fork(folder):
        return "it could not be resumed", lost
    again, state = whole_history(folder)
    if state != "finished":
        return f"resumed, it ended as {state}", lost
    if [event.name for event in again.events if isinstance(event, CheckpointSaved)][
        : len(acknowledged)
    ] != acknowledged:
        return "an event was lost", lost
    if result(folder) != wanted:
        return "resumed, it has other weights than the run that nobody killed", lost
    return "", lost


GOAL = Goal("kill -9, then resumed to the last bit", 3, 500, _try)
