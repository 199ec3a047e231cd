"""The books of a training: every step's loss, and the time.

Losses stay in a buffer on the device and are copied out in one piece when due, so that no step waits for the device.
"""

import math
import time
from array import array
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from workbench.core.events import StepsDone
from workbench.training.devices import memory_in_use
from workbench.training.distributed import ALONE, Group, Pace

_CAPACITY = 4096  # steps between two reports, at the most
_SECONDS = 0.25  # between two reports


class Ledger:
    """Collects losses on `device` and turns them into StepsDone events: of all processes, whose losses add up."""

    def __init__(self, device: torch.device, group: Group = ALONE) -> None:
        self.device = device
        self.pace = Pace() if group.size > 1 else None
        self._group = group
        self._losses = _numbers_on(device)
        self._norms = _numbers_on(device)
        self._rates = array("f")
        self._first = 0
        self._samples = 0
        self._since, self._was_due = time.monotonic(), -math.inf  # the first step is reported at once

    def add(self, step: int, loss: Tensor, rate: float, samples: int, norm: Tensor | None) -> bool:
        """Keep one step, counted from 1, and return whether a report is due, however short the epochs are."""
        place = len(self._rates)
        if place == 0:
            self._first = step
        self._losses.append(loss)
        if norm is not None:
            self._norms.append(norm)
        self._rates.append(rate)
        self._samples += samples
        if self.pace is not None:
            return self.pace.is_due()
        now = time.monotonic()
        if place + 1 < _CAPACITY and now - self._was_due < _SECONDS:
            return False
        self._was_due = now
        return True

    def take(self) -> StepsDone | None:
        """Return what was kept since the last time, or None; waits for the device."""
        count = len(self._rates)
        if count == 0:
            self._since = time.monotonic()
            return None
        losses, samples = self._losses.taken(), self._samples  # the one place where the loop waits for the device
        if self._group.size > 1:
            everywhere = self._group.total(torch.from_numpy(np.append(losses, samples).astype(np.float64))).numpy()
            losses, samples = everywhere[:-1].astype(np.float32), everywhere[-1]
        now = time.monotonic()
        steps = np.arange(self._first, self._first + count, dtype=np.uint32)
        last = steps[-1:]
        scalars = {
            "training_loss": (steps, losses),
            "learning_rate": (steps, np.array(self._rates)),
            "samples_per_second": (last, np.array([samples / max(now - self._since, 1e-9)], np.float32)),
            "memory": (last, np.array([memory_in_use(self.device)], np.float32)),
        }
        if len(norms := self._norms.taken()):
            scalars["gradient_norm"] = (steps, norms)
        self._rates, self._samples, self._since = array("f"), 0, now
        return StepsDone(int(last[0]), scalars)

    def rest(self) -> None:
        """Begin the clock anew, after time that was not spent in steps."""
        self._since = time.monotonic()


class _NumbersThere:
    """Numbers that stay on a device until they are taken, so that nothing waits for it."""

    def __init__(self, device: torch.device) -> None:
        self._numbers = torch.empty(_CAPACITY, device=device)
        self._count = 0

    def append(self, number: Tensor) -> None:
        self._numbers[self._count] = number
        self._count += 1

    def taken(self) -> np.ndarray:
        count, self._count = self._count, 0
        return self._numbers[:count].cpu().numpy().copy() if count else np.empty(0, np.float32)


class _NumbersHere:
    """Numbers of a network on the CPU, which are known at once: reading one takes a sixth of the time of indexing."""

    def __init__(self) -> None:
        self._numbers = array("f")

    def append(self, number: Tensor) -> None:
        self._numbers.append(number.item())

    def taken(self) -> np.ndarray:
        numbers, self._numbers = self._numbers, array("f")
        return np.array(numbers)


def _numbers_on(device: torch.device) -> _NumbersThere | _NumbersHere:
    return _NumbersHere() if device.type == "cpu" else _NumbersThere(device)


def at_one_step(step: int, values: Mapping[str, float]) -> StepsDone:
    """Return scalars that belong to one step, such as the metrics at the end of an epoch."""
    steps = np.array([step], np.uint32)
    once = {name: value for name, value in values.items() if name != "training_loss"}  # which every step has already
    return StepsDone(step, {name: (steps, np.array([value], np.float32)) for name, value in once.items()})


class Clock:
    """Seconds spent in training over all attempts, without pauses."""

    def __init__(self, before: float) -> None:
        self._began = time.monotonic() - before

    def seconds(self) -> float:
        """Return the seconds so far."""
        return time.monotonic() - self._began

    def leave_out(self, seconds: float) -> None:
        """Do not count these seconds."""
        self._began += seconds
