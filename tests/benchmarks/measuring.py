"""A figure: two ways to do one thing, timed in turns, and the ratio of their medians."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

import torch


@dataclass
class Figure:
    """Rounds of both ways, in seconds; `ratio` says how many times faster the second is."""

    name: str
    first: str
    second: str
    firsts: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(self.firsts) / median(self.seconds)

    def lines(self) -> list[str]:
        """Return the figure as text, with its raw rounds."""
        shown = [
            f"{name:<28} {median(rounds):9.3f} s   " + " ".join(f"{value:.3f}" for value in rounds)
            for name, rounds in ((self.first, self.firsts), (self.second, self.seconds))
        ]
        return [f"{self.name}: {self.ratio:.2f} times", *(f"  {line}" for line in shown)]


def alternate(figure: Figure, first: Callable[[], object], second: Callable[[], object], rounds: int) -> Figure:
    """Time the two ways in turns, and return the figure."""
    for _ in range(rounds):
        figure.firsts.append(timed(first))
        figure.seconds.append(timed(second))
    return figure


def timed(work: Callable[[], object]) -> float:
    """Return how long `work` takes, in seconds."""
    began = perf_counter()
    work()
    return perf_counter() - began


def machine() -> str:
    """Return what these figures were measured on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"
