"""Metrics: one per file, each a sum that batches add to on their device and the number it comes to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from torch import Tensor

from workbench.core.registry import Registry
from workbench.core.words import mark

Total = Callable[[Tensor, Tensor], Tensor]
Value = Callable[[Tensor, int], float]


def mean(total: Tensor, count: int) -> float:
    """Return the mean over `count` samples; waits for the device."""
    return float(total) / count


@dataclass(frozen=True)
class Metric:
    """One number that says how good predictions are.

    total(logits, targets) -> Tensor: what the batch adds, on its device and without waiting for it; totals of batches
    are added. value(total, count) -> float: the metric over `count` samples. least_outputs: with fewer classes it
    would say nothing. unit_of_target: whether it is in the unit of what is predicted.
    """

    name: str
    total: Total
    title: str
    summary: str
    better: Literal["higher", "lower"] = "higher"
    percent: bool = False
    value: Value = mean
    least_outputs: int = 1
    unit_of_target: bool = False


metrics = Registry[Metric]("workbench.metrics", mark("metric"))


def register(
    name: str,
    *,
    title: str,
    summary: str,
    better: Literal["higher", "lower"] = "higher",
    percent: bool = False,
    value: Value = mean,
    least_outputs: int = 1,
    unit_of_target: bool = False,
) -> Callable[[Total], Total]:
    """Register what is decorated, called as (logits, targets) -> Tensor, as the metric `name`."""

    def decorate(total: Total) -> Total:
        metrics.add(name, Metric(name, total, title, summary, better, percent, value, least_outputs, unit_of_target))
        return total

    return decorate


def classes(targets: Tensor) -> Tensor:
    """Return class indices (batch,), also from soft targets (batch, classes): the most likely class."""
    return targets.argmax(1) if targets.is_floating_point() else targets


class HasMetrics(Protocol):
    """A task, which names its metrics."""

    metrics: ClassVar[tuple[str, ...]]


def metrics_for(task: HasMetrics, outputs: int) -> tuple[str, ...]:
    """Return the metrics of `task` that say something about so many outputs."""
    return tuple(name for name in task.metrics if metrics[name].least_outputs <= outputs)
