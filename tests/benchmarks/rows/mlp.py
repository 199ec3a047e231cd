"""A small network: what counts is what a step costs beside the arithmetic."""

from collections.abc import Iterator

from tests.benchmarks.measuring import Figure, Row
from tests.benchmarks.stepping import figures


def _measure(rounds: int) -> Iterator[Figure]:
    yield from figures("mlp", 64, 12_000, {"resident": 1.0, "lightning": 3.0, "keras": 3.0}, rounds)
    yield from figures("mlp", 16, 12_000, {"resident": 1.0, "lightning": 5.0, "keras": 3.0}, rounds)


ROW = Row(1, "MLP 784-128-10, Adam: seconds of a step", _measure)
