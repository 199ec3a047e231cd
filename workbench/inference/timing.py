"""How long models take for one sample, and how many samples a second they answer, measured in turns."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

_ROUNDS = 25
_MOST_CALLS = 40  # of one model in a round, for single samples
_SECONDS = 0.08  # of single samples of one model in a round, or a single one if that takes longer


@dataclass(frozen=True)
class Timed:
    """What one model takes.

    p50, p99: seconds for one sample, that half and 99 of 100 calls stay below. calls: how many there were. throughput:
    samples a second in batches, the median over the rounds.
    """

    p50: float
    p99: float
    calls: int
    throughput: float


def timed(
    models: Sequence[Callable[[Tensor], Tensor]],
    ones: Sequence[Tensor],
    batches: Sequence[Tensor],
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Timed]:
    """Return what each model takes for its sample of `ones` (1, …), and for its batch of `batches` (n, …).

    The models take turns, and every round begins with another one: what else the machine does then falls on all of
    them. report: hears how many rounds are done, of how many.
    """
    single: list[list[float]] = [[] for _ in models]
    whole: list[list[float]] = [[] for _ in models]
    calls = [_calls(model, one) for model, one in zip(models, ones, strict=True)]
    for number in range(_ROUNDS):
        report(number, _ROUNDS)
        for place in _turns(len(models), number):
            model = models[place]
            _seconds(model, ones[place])  # the first one finds the caches as another model left them
            single[place] += [_seconds(model, ones[place]) for _ in range(calls[place])]
            whole[place].append(_seconds(model, batches[place]))
    report(_ROUNDS, _ROUNDS)
    return [
        Timed(
            float(np.quantile(seconds, 0.5)),
            float(np.quantile(seconds, 0.99)),
            len(seconds),
            len(batches[place]) / float(np.median(whole[place])),
        )
        for place, seconds in enumerate(single)
    ]


def _turns(count: int, number: int) -> Iterator[int]:
    """Yield the places of all models, beginning with another one in each round."""
    yield from ((number + place) % count for place in range(count))


def _calls(model: Callable[[Tensor], Tensor], one: Tensor) -> int:
    """Return how many calls of a model go into a round."""
    for _ in range(2):
        _seconds(model, one)
    return max(1, min(_MOST_CALLS, int(_SECONDS / max(_seconds(model, one), 1e-6))))


def _seconds(model: Callable[[Tensor], Tensor], inputs: Tensor) -> float:
    begun = time.perf_counter()
    model(inputs).cpu()  # which waits for a GPU
    return time.perf_counter() - begun
