"""What a goal is: something tried many times that must hold every time."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.robustness import goals


@dataclass
class Found:
    """What came of trying: how often it was tried, what failed, and figures worth a line."""

    tried: int = 0
    failures: list[str] = field(default_factory=list)  # one sentence each, with what repeats it (a seed, a place)
    figures: dict[str, str] = field(default_factory=dict)  # name to figure with its unit, printed as they stand


@dataclass(frozen=True)
class Goal:
    """Something that must hold however often it is tried.

    try_it: takes how often to try, a seed and an empty folder that is the goal's own; returns what it found, and raises
    only when the harness itself is broken. quick, release: how often in `make test` and in `make torture`; quick 0
    leaves a goal out of `make test`.
    """

    title: str
    quick: int
    release: int
    try_it: Callable[[int, int, Path], Found]


def all_goals() -> Iterator[tuple[str, Goal]]:
    """Yield the name of each file in goals/ with its GOAL."""
    for module in sorted(pkgutil.iter_modules(goals.__path__), key=lambda module: module.name):
        yield module.name, importlib.import_module(f"{goals.__name__}.{module.name}").GOAL
