"""Figures: two ways to do one thing, timed in turns, and the ratio of their medians; or an amount with its limit."""

import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

import torch


@dataclass
class Figure:
    """Rounds of both ways; `ratio` says how many times better the second is.

    reach: the ratio to reach, 0 for none. unit: of the rounds. rises: whether more is better, as for samples a second.
    """

    name: str
    first: str
    second: str
    firsts: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    reach: float = 0.0
    unit: str = "s"
    rises: bool = False

    @property
    def medians(self) -> tuple[float, float]:
        return median(self.firsts), median(self.seconds)

    @property
    def ratio(self) -> float:
        first, second = self.medians
        return second / first if self.rises else first / second

    @property
    def is_reached(self) -> bool:
        return self.ratio >= self.reach

    def lines(self) -> list[str]:
        """Return the figure as text, with its raw rounds."""
        shown = [
            f"{name:<28} {median(rounds):10.4g} {self.unit}   " + " ".join(f"{value:.4g}" for value in rounds)
            for name, rounds in ((self.first, self.firsts), (self.second, self.seconds))
        ]
        to_reach = f" (to reach: {self.reach:g}; {_said(self.is_reached)})" if self.reach else ""
        return [f"{self.name}: {self.ratio:.2f} times{to_reach}", *(f"  {line}" for line in shown)]


@dataclass
class Amount:
    """Rounds of one thing, and the most that it may be, 0 for no limit."""

    name: str
    unit: str
    rounds: list[float] = field(default_factory=list)
    at_most: float = 0.0

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def is_reached(self) -> bool:
        return not self.at_most or self.value <= self.at_most

    def lines(self) -> list[str]:
        """Return the amount as text, with its raw rounds."""
        limit = f" (at most: {self.at_most:g}; {_said(self.is_reached)})" if self.at_most else ""
        shown = " ".join(f"{value:.4g}" for value in self.rounds)
        return [f"{self.name}: {self.value:.4g} {self.unit}{limit}", f"  {shown}"]


Result = Figure | Amount


@dataclass(frozen=True)
class Row:
    """A row of the table: given how many rounds, `measure` yields its results as they are known."""

    number: int
    title: str
    measure: Callable[[int], Iterable[Result]]


def _said(is_reached: bool) -> str:
    return "reached" if is_reached else "MISSED"


def alternate(figure: Figure, first: Callable[[], object], second: Callable[[], object], rounds: int) -> Figure:
    """Time the two ways in turns, and return the figure."""
    for _ in range(rounds):
        figure.firsts.append(timed(first))
        figure.seconds.append(timed(second))
    return figure


def in_turns(rounds: int, *ways: Callable[[], float]) -> list[list[float]]:
    """Let each way measure itself, in turns; return the rounds of each."""
    found: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, measured in zip(ways, found, strict=True):
            measured.append(way())
    return found


def timed(work: Callable[[], object]) -> float:
    """Return how long `work` takes, in seconds."""
    began = perf_counter()
    work()
    return perf_counter() - began


def processor() -> str:
    """Return the name of the processor, as far as the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def machine() -> str:
    """Return what these figures were measured on."""
    return f"{platform.system()} {platform.machine()}, {processor()}, {os.cpu_count()} cores, torch {torch.__version__}"
