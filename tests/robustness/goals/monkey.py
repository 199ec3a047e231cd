"""Ten thousand random actions at the window while it trains: no crash, no exception that nobody caught, no stutter."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.conftest import FOLDERS
from tests.robustness.goal import Found, Goal
from tests.robustness.goals.close import end_what_trains

ACTIONS = 10_000
_SIDE_BY_SIDE = max(1, (os.cpu_count() or 2) // 2)  # a window and what it trains keep two cores busy
_PATIENCE = 3_600.0  # seconds for all actions of one time


def _try(times: int, seed: int, place: Path) -> Found:
    found = Found()
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        tried = list(pool.map(lambda number: acted(seed + number, ACTIONS, place / str(number)), range(times)))
    found.tried = len(tried)
    for number, (wrong, _) in enumerate(tried):
        found.failures += [f"seed {seed + number}: {what}" for what in wrong]
    lines = [line for _, line in tried if line]
    found.figures["actions"] = f"{sum(line.get('actions', 0) for line in lines):,}"
    found.figures["longest turn"] = f"{max((line.get('longest', 0.0) for line in lines), default=0.0):.0f} ms"
    found.figures["another theme or language"] = f"{max((line.get('anew', 0.0) for line in lines), default=0.0):.0f} ms"
    found.figures["actions while a run trained"] = f"{sum(line.get('trained', 0) for line in lines):,}"
    return found


def acted(seed: int, actions: int, place: Path) -> tuple[list[str], dict[str, Any]]:
    """Return what went wrong while one window was acted on, and what it said at the end."""
    place.mkdir(parents=True)
    environment = {**os.environ, **{name: str(place / folder) for name, folder in FOLDERS.items()}}
    runs = place / "runs"
    command = [sys.executable, "-m", "tests.robustness.monkey", str(seed), str(actions), str(runs)]
    try:
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return ["it did not end"], {}
    finally:
        end_what_trains(runs)
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    line = lines[-1] if lines else {}
    wrong = [] if ended.returncode == 0 else [f"it ended with {ended.returncode}: {ended.stderr[-500:]}"]
    wrong += [f"it made {line.get('actions', 0)} of {actions} actions"] if line.get("actions", 0) < actions else []
    return [*wrong, *line.get("errors", []), *line.get("gaps", [])], line


GOAL = Goal("10,000 random actions while it trains", 0, 20, _try)
