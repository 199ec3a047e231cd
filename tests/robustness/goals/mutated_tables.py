"""Tables of numbers and series with damage anywhere: opened or refused, and nothing else."""

import io
from pathlib import Path

import numpy as np
import polars

from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from workbench.core.errors import UserError
from workbench.data import table_cache
from workbench.data.table_source import readable, source_at


def _seeds(place: Path) -> dict[str, bytes]:
    chance = np.random.Generator(np.random.PCG64(0))
    numbers = chance.normal(size=(30, 2)).round(3)
    frame = polars.DataFrame(
        {
            "length": numbers[:, 0],
            "width": numbers[:, 1],
            "colour": ["red", "blue", None] * 10,
            "day": ["2026-01-01"] * 30,
            "label": ["a", "b"] * 15,
        }
    )
    typed = frame.with_columns(polars.col("day").str.to_date(), polars.col("length").cast(polars.Float32))
    found = {"plain.csv": frame.write_csv().encode(), "half.csv": frame.write_csv(separator=";").encode("utf-16")}
    found["tabs.tsv"] = frame.write_csv(separator="\t").encode()
    for compression in ("uncompressed", "zstd", "snappy"):
        file = io.BytesIO()
        typed.write_parquet(file, compression=compression, row_group_size=10)
        found[f"{compression}.parquet"] = file.getvalue()
    return found


def _read(name: str, content: bytes, place: Path) -> None:
    path = place / name
    path.write_bytes(content)
    source = source_at(path)
    table_cache.seen_at_first(source, 1_000)
    read = readable(source, place, lambda done, total: None)
    table_cache.seen(read, lambda rows: None)


# polars ends its process where a damaged Parquet file asks for impossible amounts of memory, or lets one of its threads
# panic. The window opens data in a process of its own, which says then that it ended.
ENDS = ("memory allocation of", "crates/polars-")
FUZZ = Fuzz(_seeds, _read, (UserError,), may_end=ENDS)
GOAL = fuzzing_goal("Damaged tables are opened or refused", "mutated_tables", 100, 200_000)
