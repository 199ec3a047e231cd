"""A folder of Parquet files, ten times as large as the memory that its training may take."""

import shutil
from pathlib import Path

from tests.robustness.goal import Found, Goal
from tests.robustness.large_table import trained_below, write_parts

_LIMIT = 2**30  # bytes; torch, polars and their threads take some 560 MB of it before anything is read
_PARTS = 68


def _try(times: int, seed: int, place: Path) -> Found:
    found = Found()
    if shutil.disk_usage(place).free < 32 * 2**30:
        found.failures.append("this goal needs 32 GB of free disk")
        return found
    size = write_parts(place / "table", _PARTS)
    for _ in range(times):
        trained = trained_below(_LIMIT, place / "table", place / "runs", place / "cache")
        found.tried += 1
        if size < 10 * _LIMIT:
            found.failures.append(f"the folder has only {size:,} bytes")
        if trained.said.get("outcome") != "finished":
            found.failures.append(f"{trained.said} {trained.errors}")
        megabytes = [f"{number >> 20:,} MB" for number in (size, _LIMIT, trained.peak)]
        found.figures |= dict(zip(("folder", "limit", "most taken"), megabytes, strict=True))
    return found


GOAL = Goal("A Parquet folder ten times its memory trains", 0, 1, _try)
