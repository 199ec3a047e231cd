"""Tiny Shakespeare, character by character, to a validation loss of 1.88: whole processes, with start and judging."""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import tomli_w

from tests.benchmarks import characters_by_hand
from tests.benchmarks.measuring import Amount, Figure, Result, Row
from workbench.core import paths

DATA = Path(os.environ.get("WORKBENCH_BENCH_DATA", Path(__file__).parents[4] / "shared" / "data"))
WANTED = 1.88


def recipe(text: Path, seed: int) -> dict[str, Any]:
    """Return the ready-made recipe over this text, of which the last tenth is for validation."""
    plain = tomllib.loads((paths.resources() / "examples" / "gpt-speed.toml").read_text(encoding="utf-8"))
    plain["data"] = {"kind": "text_file", "path": str(text), "task": "next_token", "validation": 0.1, "test": 0.0}
    plain["training"]["seed"] = seed
    return plain


def _measure(rounds: int) -> Iterator[Result]:
    text = DATA / "tinyshakespeare.txt"
    if not text.is_file():
        print(f"   left out: there is no {text}; WORKBENCH_BENCH_DATA says where to look")
        return
    seconds = Figure(f"Seconds to {WANTED}", "nanoGPT's settings, by hand", "workbench train", reach=4.0)
    losses = Amount("Validation loss of ours", "nats", at_most=WANTED)
    for seed in range(rounds):
        by_hand, said = _by_hand(text, seed)
        ours, metrics = _ours(text, seed)
        print(f"   seed {seed}: by hand {by_hand:.1f} s, {said}; ours {ours:.1f} s, {metrics['validation_loss']:.4f}")
        seconds.firsts.append(by_hand)
        seconds.seconds.append(ours)
        losses.rounds.append(metrics["validation_loss"])
    yield seconds
    yield losses


def _by_hand(text: Path, seed: int) -> tuple[float, dict[str, float]]:
    command = [sys.executable, characters_by_hand.__file__, str(text), str(seed), str(WANTED)]
    return _timed(command, {})


def _ours(text: Path, seed: int) -> tuple[float, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "recipe.toml").write_text(tomli_w.dumps(recipe(text, seed)), encoding="utf-8")
        command = [sys.executable, "-m", "workbench", "train", str(place / "recipe.toml")]
        cache = {"WORKBENCH_CACHE": str(place / "cache")}  # empty: reading the text counts
        taken, said = _timed([*command, "--runs", str(place / "runs"), "--json"], cache)
    return taken, said["metrics"]


def _timed(command: list[str], variables: dict[str, str]) -> tuple[float, dict[str, Any]]:
    began = perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **variables})
    return perf_counter() - began, json.loads(done.stdout.splitlines()[-1])


ROW = Row(
    5,
    f"Tiny Shakespeare, characters, to a validation loss of {WANTED}: a plain PyTorch loop with nanoGPT's published "
    "settings for a CPU (4 layers, 4 heads, width 128, context 64, batch 12, AdamW, 2000 steps)",
    _measure,
)
