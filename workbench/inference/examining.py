"""Judging outputs batch by batch: loss and metrics as sums, and the little of each batch that is shown afterwards."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from workbench.core.signature import Inputs
from workbench.metrics import metrics
from workbench.tasks import Task

_MOST_SAMPLES = 512  # judged at once
_MOST_NUMBERS = 1 << 22  # that go in or come out at once


def widest(device: torch.device) -> torch.dtype:
    """Return the type in which sums are exact enough: float64, but for devices that do not have it."""
    return torch.float32 if device.type == "mps" else torch.float64


def batch_for(task: Task, inputs: Inputs, outputs: int) -> int:
    """Return how many samples can be judged at once without taking much memory."""
    per_sample = int(torch.Size(inputs.shape).numel())
    numbers = max(per_sample * (outputs if task.streams else 1), outputs, 1)
    return max(1, min(_MOST_SAMPLES, _MOST_NUMBERS // numbers))


class Examination:
    """Adds up what batches say about a network, on their device and without waiting for it."""

    def __init__(self, task: Task, names: Sequence[str], *, keeping: bool = False) -> None:
        """names: of metrics. keeping: whether what `result` shows beside loss and metrics is kept, too."""
        self.task = task
        self._metrics = {name: metrics[name] for name in names}
        self._totals: dict[str, Tensor] = {}
        self._count: int | Tensor = 0
        self._keeping = keeping
        self._kept: list[tuple[Tensor, Tensor]] = []

    def add(self, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch: what the network said, and what it was compared with."""
        chosen = {name: metric.total for name, metric in self._metrics.items()}
        found = self.task.totals(chosen, outputs, targets)
        found["loss"] = self.task.loss(outputs, targets, reduction="sum").to(widest(outputs.device))
        self._totals = {name: self._totals[name] + found[name] for name in found} if self._totals else found
        self._count = self._count + self.task.count(targets)
        if self._keeping:
            self._keep(*self.task.kept(outputs, targets))

    def _keep(self, outputs: Tensor, targets: Tensor) -> None:
        """Hold this too, in few large pieces: thousands of small ones would leave holes all over the memory."""
        self._kept.append((outputs, targets))
        while len(self._kept) > 1 and len(self._kept[-2][0]) <= len(self._kept[-1][0]):
            last, before = self._kept.pop(), self._kept.pop()
            self._kept.append((torch.cat((before[0], last[0])), torch.cat((before[1], last[1]))))

    def together(self, summed: Callable[[dict[str, Tensor], int], tuple[dict[str, Tensor], int]]) -> None:
        """Take the sums of all processes in place of this one's; `summed` adds up totals and counts."""
        self._totals, self._count = summed(self._totals, int(self._count))

    def values(self) -> dict[str, float]:
        """Return loss and metrics by name; waits for the device."""
        count = int(self._count)
        found = {name: metric.value(self._totals[name], count) for name, metric in self._metrics.items()}
        return {"loss": float(self._totals["loss"]) / max(count, 1), **found}

    def result(self, labels: Sequence[str], names: Sequence[str] = ()) -> dict[str, Any]:
        """Return as plain values count, labels, metrics, and what the task shows of N samples called `names`."""
        outputs, targets = (torch.cat(parts).cpu() for parts in zip(*self._kept, strict=True))
        details = self.task.details(outputs.float(), targets, labels, names)
        return {"count": int(self._count), "labels": list(labels), "metrics": self.values(), **details}
