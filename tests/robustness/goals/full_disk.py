"""A run on a disk that fills up, at many levels: it is told, nothing is lost, and it is resumed when there is room.

The disk is a small tmpfs, which only root may mount; the goal of the n-th write tries the rest of the systems.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.robustness.goal import Found, Goal
from tests.robustness.goals.nth_write import Failing, trained_with
from tests.robustness.storage import queued, result, trained_in_fork
from workbench.core.errors import UserError
from workbench.core.events import CheckpointSaved
from workbench.core.run_folder import RunFolder, all_runs
from workbench.core.run_reader import whole_history
from workbench.training.checkpoint import load_checkpoint
from workbench.training.worker import train_run

_SMALLEST, _LARGEST = 16, 3_000  # kB
_SAID = ("is full", os.strerror(28))


def _mount(place: Path, *options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)], check=True)


def _try(times: int, seed: int, place: Path) -> Found:
    found = Found()
    train_run(queued(place / "warm"))
    whole = queued(place / "whole")
    trained_in_fork(whole)
    wanted = result(whole)
    disk = place / "disk"
    disk.mkdir()
    said = 0
    for number in range(times):
        kilobytes = _SMALLEST + (_LARGEST - _SMALLEST) * number // max(times - 1, 1)
        _mount(disk, f"size={kilobytes}k")
        try:
            wrong, was_said = _what_is_wrong(disk, place / "notes.json", wanted)
        finally:
            subprocess.run(["umount", str(disk)], check=True)
        said += was_said
        found.tried += 1
        if wrong:
            found.failures.append(f"a disk of {kilobytes} kB: {wrong}")
    found.figures = {"said to be full": str(said)}
    shutil.rmtree(disk)
    return found


def _what_is_wrong(disk: Path, notes: Path, wanted: str) -> tuple[str, bool]:
    """Return what is not as it should be, and whether the disk was said to be full."""
    try:
        folder = queued(disk)
    except UserError as error:
        if _SAID[1] not in str(error):
            return f"the cause was not said: {error}", False
        return "a run is left that is none" if all_runs(disk) else "", True
    heard = trained_with(Failing(0, forever=False), folder, notes)
    history, state = whole_history(folder)
    was_said = any(part in text for text in heard["shown"] for part in _SAID)
    if heard["code"] or (state != "finished" and not was_said):
        return f"it is {state}, ended with {heard['code']} and said {heard['shown']}", was_said
    wrong = _lost(folder, [event.name for event in history.events if isinstance(event, CheckpointSaved)])
    if wrong:
        return wrong, was_said
    _mount(disk, "remount", "size=64m")
    if trained_in_fork(folder):
        return "it could not be resumed when there was room", was_said
    return "" if result(folder) == wanted else "resumed, it has other weights", was_said


def _lost(folder: RunFolder, acknowledged: list[str]) -> str:
    there = [path.name for path in folder.newest_checkpoints()]
    if acknowledged and (not there or there[0] < acknowledged[-1]):
        return f"{acknowledged[-1]} was acknowledged, and there are {there}"
    for name in there:
        load_checkpoint(folder.checkpoints / name)
    return ""


_MAY_MOUNT = sys.platform == "linux" and os.geteuid() == 0
GOAL = Goal("A full disk is said, and loses nothing", 2 if _MAY_MOUNT else 0, 200, _try)
