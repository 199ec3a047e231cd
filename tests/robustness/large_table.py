"""Tables larger than the memory that a process may take, and trainings on them under such a limit."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars

COLUMNS = 100
PART = 400_000  # rows: 160 MB
_EVERY = 0.05  # seconds between looks at the memory of the child


@dataclass(frozen=True)
class Trained:
    """What `workbench train` said, and the most memory it took: bytes of its own, as RLIMIT_DATA counts them."""

    said: dict[str, object]
    errors: str
    peak: int


def write_parts(folder: Path, parts: int) -> int:
    """Write so many Parquet files of 100 numbers and a label, as Spark does, and return how many bytes they take."""
    folder.mkdir()
    weights = np.random.Generator(np.random.PCG64(0)).standard_normal(COLUMNS, np.float32)
    for part in range(parts):
        numbers = np.random.Generator(np.random.PCG64([1, part])).standard_normal((PART, COLUMNS), np.float32)
        columns = {f"number{place}": numbers[:, place] for place in range(COLUMNS)}
        frame = polars.DataFrame({**columns, "label": (numbers @ weights > 0).astype(np.int8)})
        frame.write_parquet(folder / f"part-{part:05}.parquet", compression="uncompressed", row_group_size=PART // 10)
    return sum(path.stat().st_size for path in folder.iterdir())


def trained_below(limit: int, folder: Path, runs: Path, cache: Path) -> Trained:
    """Train one epoch on the table in `folder`, in a process that may take `limit` bytes; 0 is no limit."""
    recipe = folder.parent / f"{folder.name}.toml"
    data = f'[data]\nkind = "table"\npath = "{folder.as_posix()}"\ntarget = "label"\n'
    rest = '[architecture]\nkind = "linear"\n[training]\nepochs = 1\nbatch_size = 8192\ndevice = "cpu"\n'
    recipe.write_text(data + rest, encoding="utf-8")
    command = [sys.executable, "-m", "workbench", "train", str(recipe), "--runs", str(runs), "--json"]

    def confine() -> None:
        if limit:
            import resource  # Linux and macOS have it

            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    with (
        (recipe.with_suffix(".out")).open("w+") as out,
        (recipe.with_suffix(".err")).open("w+") as err,
        subprocess.Popen(
            command, stdout=out, stderr=err, preexec_fn=confine, env={**os.environ, "WORKBENCH_CACHE": str(cache)}
        ) as child,
    ):
        peak = 0
        while child.poll() is None:
            peak = max(peak, _own_bytes(child.pid))
            time.sleep(_EVERY)
        out.seek(0)
        err.seek(0)
        lines = out.read().splitlines()
        return Trained(json.loads(lines[-1]) if lines else {}, err.read()[-500:], peak)


def _own_bytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData")), 0)
