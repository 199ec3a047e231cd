"""Whole runs of the speed recipes, as processes, and the loops by hand that they are held against."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from workbench.core import paths
from workbench.data import open_data


@dataclass(frozen=True)
class Trial:
    """A recipe of resources/examples with other data, and a place for its runs and its cache.

    data: of the recipe, in plain values; arrays: the same, decoded, in an .npz file for a loop by hand.
    """

    recipe: Path
    data: Mapping[str, Any]
    place: Path
    arrays: Path

    def ours(self, seed: int) -> tuple[float, Mapping[str, float]]:
        """Return the seconds of `workbench train` from start to end of its process, and its metrics."""
        values = {f"data.{name}": value for name, value in self.data.items()} | {"training.seed": seed}
        chosen = [f"--set={name}={value}" for name, value in values.items()]
        command = [sys.executable, "-m", "workbench", "train", str(self.recipe), *chosen]
        began = perf_counter()
        done = subprocess.run(
            [*command, "--runs", str(self.place / "runs"), "--json"],
            env={**os.environ, "WORKBENCH_CACHE": str(self.place / "cache")},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return perf_counter() - began, json.loads(done.stdout.splitlines()[-1])["metrics"]

    def by_hand(self, what: str, seed: int, *more: object) -> tuple[float, Mapping[str, float]]:
        """Return the seconds of a loop of `tests.benchmarks.loops` as a whole process, and what it found."""
        command = [sys.executable, "-m", "tests.benchmarks.loops", what, str(self.arrays), str(seed), *map(str, more)]
        began = perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return perf_counter() - began, json.loads(done.stdout.splitlines()[-1])


@contextmanager
def trial(name: str, data: Mapping[str, Any]) -> Iterator[Trial]:
    """Give a trial of the recipe `name` on these data, which are decoded into its cache before anything is timed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        before = os.environ.get("WORKBENCH_CACHE")
        os.environ["WORKBENCH_CACHE"] = str(place / "cache")
        try:
            _write(place / "arrays.npz", {"kind": data["kind"], "path": data["path"], "validation": 0})
        finally:
            os.environ.pop("WORKBENCH_CACHE")
            if before is not None:
                os.environ["WORKBENCH_CACHE"] = before
        yield Trial(paths.resources() / "examples" / f"{name}.toml", data, place, place / "arrays.npz")


def _write(path: Path, data: dict[str, Any]) -> None:
    dataset = open_data(data)
    np.savez(
        path,
        images=dataset.training.rows(),
        labels=dataset.training.targets,
        test_images=dataset.test.rows(),
        test_labels=dataset.test.targets,
    )
