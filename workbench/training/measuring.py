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
from workbench.inference.order import batch_count
from workbench.recipe import Recipe
from workbench.training.checkpoint import Position
from workbench.training.ledger import Sums
from workbench.training.setup import Trainee, set_up
from workbench.training.stepping import take_step

_STEPS = 2


@dataclass(frozen=True)
class Cost:
    """memory: bytes that data, weights, gradients and activations take. seconds_per_step: the faster of two steps."""

    memory: float
    seconds_per_step: float
    seconds_per_epoch: float
    samples_per_second: float
    device: str


def measure(recipe: Recipe, report: Callable[[Event], None]) -> Cost:
    """Return the cost of this recipe's steps: one step to warm up, then two that count.

    Raises UserError for what set_up refuses; memory that is not enough raises torch's own error.
    """
    before = psutil.Process().memory_info().rss
    trainee = set_up(recipe, report)
    report(Preparing(Words("Measuring two training steps")))
    training = recipe.training
    batch_size = trainee.batch_size()
    count = len(trainee.training)
    total = math.ceil(batch_count(count, batch_size) / training.accumulation) * training.epochs
    sums = Sums(trainee.task, Position(), trainee.device)
    trainee.network.train()
    seconds = []
    for step in range(1 + _STEPS):
        batches = trainee.training.batches(trainee.training.order(training.seed, step), batch_size)
        parts = list(islice(batches, training.accumulation))
        began = time.perf_counter()
        take_step(trainee, parts, step, max(total, 1 + _STEPS), sums)
        _wait_for(trainee.device)
        seconds.append(time.perf_counter() - began)
    per_step = min(seconds[1:])
    per_epoch = per_step * math.ceil(batch_count(count, batch_size) / training.accumulation)
    return Cost(_memory(trainee, before), per_step, per_epoch, count / per_epoch, str(trainee.device))


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
