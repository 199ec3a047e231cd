"""Flipped bytes in the index of runs: rebuilt from the folders, the damaged file kept aside, and the person told."""

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.robustness.goal import Found, Goal
from tests.robustness.storage import queued
from workbench.core.run_index import RunIndex

_RUNS = 12


def _try(times: int, seed: int, place: Path) -> Found:
    found = Found()
    runs = place / "runs"
    for _ in range(_RUNS):
        queued(runs)
    index = RunIndex(runs)
    index.refresh()
    wanted = index.rows()
    index.close()
    whole = (runs / "runs.sqlite3").read_bytes()
    dice = random.Random(seed)
    rebuilt = 0
    for number in range(times):
        at, change = dice.randrange(len(whole)), dice.randrange(1, 256)
        damaged = whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :]
        for path in runs.glob("runs.sqlite3*"):
            path.unlink()
        (runs / "runs.sqlite3").write_bytes(damaged)
        wrong, was_rebuilt = _what_is_wrong(runs, damaged, wanted)
        rebuilt += was_rebuilt
        found.tried += 1
        if wrong:
            found.failures.append(f"byte {at} changed by {change}: {wrong} (seed {seed}, try {number})")
    shutil.rmtree(runs)
    found.figures = {"rebuilt": str(rebuilt), "in places that hold nothing": str(times - rebuilt)}
    return found


def _what_is_wrong(runs: Path, damaged: bytes, wanted: Sequence[object]) -> tuple[str, bool]:
    """Return what is not as it should be, and whether the index was rebuilt."""
    index = RunIndex(runs)
    try:
        index.refresh()
        if index.rows() != wanted:
            return "other runs are listed", index.rebuilt
        if index.in_memory:
            return "the index is in memory only", index.rebuilt
        aside = runs / "runs.sqlite3.damaged"
        if index.rebuilt and not aside.exists():
            return "the damaged index was not kept", True
        return "", index.rebuilt
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
        return f"{error!r}", index.rebuilt
    finally:
        index.close()


GOAL = Goal("A damaged index is built again, and kept aside", 50, 1000, _try)
