"""A small convolutional network: what counts is the arithmetic, and that nothing waits for data."""

from collections.abc import Iterator

from tests.benchmarks.measuring import Figure, Row
from tests.benchmarks.stepping import figures


def _measure(rounds: int) -> Iterator[Figure]:
    yield from figures("dcnn", 64, 1_000, {"plain": 1.5, "keras": 3.0, "lightning": 0.0}, rounds)


ROW = Row(2, "DCNN 28×28, batch 64, Adam: seconds of a step", _measure)
