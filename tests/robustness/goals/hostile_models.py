"""Hostile models at every door that reads models: no code runs, nothing is written or reached, and all is answered."""

import json
import subprocess
import sys
from pathlib import Path

from tests.robustness.goal import Found, Goal

_SECONDS = 1_200


def _try(times: int, seed: int, place: Path) -> Found:
    """Bring so many of the files to all doors, spread over the whole corpus; their number says how many there are."""
    parts = max(1, 190 // times)
    command = [sys.executable, "-m", "tests.robustness.hostile_doors", str(place), str(seed % parts), str(parts)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    found = Found(tried=len({line["file"] for line in lines}))
    if ended.returncode:
        found.failures.append(f"the process ended with {ended.returncode}: {ended.stderr[-300:]}")
    for line in lines:
        wrong = [*line["effects"], *([line["said"]] if line["outcome"] == "raised" else [])]
        found.failures += [f"{line['file']} at {line['door']}: {effect}" for effect in wrong]
    found.figures["times at a door"] = f"{len(lines):,}"
    found.figures["refused"] = f"{sum(line['outcome'] == 'refused' for line in lines):,}"
    return found


GOAL = Goal("Hostile models have no effect", 0, 190, _try)
