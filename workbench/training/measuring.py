"""What a training would cost on this machine, from real steps and not from a formula."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import psutil
import torch

from workbench.core.events import Event, Preparing
from workbench.core.words import Words
from workbench.inference.feeding import free_memory
from workbench.inference.order import batch_count
from workbench.recipe import Recipe, recipe_from, to_plain
from workbench.training import graphs
from workbench.training.checkpoint import Position
from workbench.training.devices import chosen_device, freed_memory_held, release
from workbench.training.explaining import is_out_of_memory
from workbench.training.setup import set_up
from workbench.training.stepping import take_step
from workbench.training.sums import Sums
from workbench.training.trainee import Trainee

_STEPS = 2
_GROWTH = 4  # times as many samples in each step of the approach
_FIRST = 2  # samples; normalization over a batch needs two
_SHARE = 0.9  # of the free memory that a training may take


@dataclass(frozen=True)
class Cost:
    """memory: bytes that data, weights, gradients and activations take. seconds_per_step: the faster of two steps.

    batch_size: the largest that fits, up to the one that was asked for; all figures are of this one. fits: whether that
    is the one that was asked for. free: bytes that were free beforehand.
    """

    memory: float
    seconds_per_step: float
    seconds_per_epoch: float
    samples_per_second: float
    device: str
    batch_size: int
    fits: bool
    free: float


@freed_memory_held()  # as in a training
def measure(recipe: Recipe, report: Callable[[Event], None]) -> Cost:
    """Return the cost of this recipe's steps: small steps first, then two that count, of what fits into the memory.

    Raises UserError for what set_up refuses; when not even a small step fits, torch's own error of short memory.
    """
    before = psutil.Process().memory_info().rss
    device = chosen_device(recipe.training.device)
    free = free_memory(device)
    trainee = set_up(_with_some_noise(recipe), report)
    report(Preparing(Words("Measuring two training steps")))
    trial = _Trial(trainee, before, free)
    asked = trainee.batch_size()
    fitting = trial.approach(asked)
    seconds = trial.timed(fitting)
    count = len(trainee.training)
    per_step = min(seconds)
    per_epoch = per_step * math.ceil(batch_count(count, fitting) / recipe.training.accumulation)
    return Cost(
        memory=trial.memory(),
        seconds_per_step=per_step,
        seconds_per_epoch=per_epoch,
        samples_per_second=count / per_epoch,
        device=str(trainee.device),
        batch_size=fitting,
        fits=fitting == asked,
        free=free,
    )


def _with_some_noise(recipe: Recipe) -> Recipe:
    """Return the recipe with noise that need not be looked for: any costs the same."""
    privacy = recipe.training.privacy
    if not privacy.on or privacy.noise != "auto":
        return recipe
    plain = to_plain(recipe)
    plain["training"]["privacy"].update(noise=1.0)
    return recipe_from(plain)


class _Trial:
    """Steps of growing size, and what they took."""

    def __init__(self, trainee: Trainee, before: int, free: float) -> None:
        self._trainee, self._before, self._free = trainee, before, free
        self._sums = Sums(trainee.task, Position(), trainee.device)
        self._seen: list[tuple[int, float]] = []  # samples at once, and the most bytes that were taken until then
        self._taken = 0
        trainee.network.train()

    def memory(self) -> float:
        """Return the most bytes that were taken so far."""
        return _memory(self._trainee, self._before)

    def approach(self, asked: int) -> int:
        """Return the largest batch up to `asked` that fits, after steps that grow towards it.

        What the next step would take is told from the two before it, so that no step is tried that the system would
        end the whole process for.
        """
        size = (
            asked if self._trainee.recipe.training.compile == "on" else min(_FIRST, asked)
        )  # one shape, one compiling
        fitting = 0
        while size > fitting:
            if not self._fits(size, must=fitting == 0):
                return max(fitting, 1)
            fitting = size
            size = min(size * _GROWTH, asked, self._most())
        return fitting

    def timed(self, size: int) -> list[float]:
        """Return the seconds of two whole steps, after one that does not count where it is the first of its size."""
        rounds = _STEPS + (self._seen[-1][0] != size if self._seen else 1)
        if self._trainee.graphs:
            rounds += graphs.BEFORE  # steps before one is recorded
        return [self._step(size, self._trainee.recipe.training.accumulation) for _ in range(rounds)][-_STEPS:]

    def _fits(self, size: int, *, must: bool) -> bool:
        try:
            self._step(size, 1)
        except (RuntimeError, MemoryError) as error:
            if must or not is_out_of_memory(error):
                raise
        else:
            self._seen.append((size, self.memory()))
            return True
        # Outside of the except block, where nothing holds on to the tensors of the step that failed.
        self._trainee.optimizer.zero_grad(set_to_none=True)
        release(self._trainee.device)
        return False

    def _most(self) -> int:
        """Return how many samples fit at once, judged by the last two steps."""
        if len(self._seen) < 2:
            return self._seen[-1][0] * _GROWTH
        (fewer, less), (more, most) = self._seen[-2:]
        each = max(most - less, 0.0) / (more - fewer)
        room = _SHARE * self._free - most
        return more + int(max(room, 0.0) / each) if each else more * _GROWTH

    def _step(self, size: int, parts: int) -> float:
        trainee = self._trainee
        order = trainee.training.order(trainee.recipe.training.seed, self._taken)
        chosen = list(islice(trainee.batches(order, size), parts))
        began = time.perf_counter()
        take_step(trainee, chosen, self._taken, self._taken + 2, self._sums)
        _wait_for(trainee.device)
        self._taken += 1
        return time.perf_counter() - began


def _memory(trainee: Trainee, before: int) -> float:
    if trainee.device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(trainee.device))
    return float(max(_peak() - before, 0))


def _peak() -> int:
    """Return the most memory that this process has ever held, in bytes."""
    if psutil.WINDOWS:
        return psutil.Process().memory_info().peak_wset  # pyright: ignore[reportAttributeAccessIssue]
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if psutil.MACOS else 1024)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
