"""A million steps in one process: its memory, its open files and its threads stay what they were."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from tests.conftest import FOLDERS
from tests.robustness.goal import Found, Goal

_GROWTH = 0.05  # of the resident memory, from the end of its first tenth to its last tenth


def _try(times: int, seed: int, place: Path) -> Found:
    environment = {**os.environ, **{name: str(place / folder) for name, folder in FOLDERS.items()}}
    command = [sys.executable, "-m", "tests.robustness.soaking", str(times), str(place / "runs")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if ended.returncode or not lines:
        return Found(failures=[f"it ended with {ended.returncode}: {ended.stderr[-500:]}"])
    said = json.loads(lines[-1])
    found = Found(tried=said["steps"])
    if said["ending"] != "Finished":
        found.failures.append(f"it {said['ending'].lower()}")
        return found
    tenth = len(said["samples"]) // 10
    first, last = said["samples"][tenth : 2 * tenth], said["samples"][-tenth:]
    for title, column, allowed in (("memory", 1, _GROWTH), ("open files", 2, 0.0), ("threads", 3, 0.0)):
        before, after = (median(sample[column] for sample in part) for part in (first, last))
        shown = f"{before / 1e6:.1f} → {after / 1e6:.1f} MB" if column == 1 else f"{before:.0f} → {after:.0f}"
        found.figures[title] = shown
        if after > before * (1 + allowed):
            found.failures.append(f"{title} grew: {shown}")
    return found


GOAL = Goal("A million steps in one process", 0, 1_000_000, _try)
