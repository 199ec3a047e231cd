"""Tasks: what a batch, a loss, a metric and a prediction mean; one per file."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, TypeVar

from torch import Tensor

from workbench.core.registry import Registry
from workbench.core.words import mark

Reduction = Literal["mean", "sum"]


class Task(ABC):
    """What there is to learn.

    name, title: what it is called. metrics: names in `workbench.metrics`. headline: the one that names the best model.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]
    headline: ClassVar[str]

    @abstractmethod
    def outputs(self, dataset: Any) -> int:
        """Return how many numbers the network gives for one sample."""

    @abstractmethod
    def loss(
        self,
        logits: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return what training makes small, in float32."""

    @abstractmethod
    def predictions(self, logits: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return plain values for each sample of the batch, as `workbench predict` prints them."""


tasks = Registry[Task]("workbench.tasks", mark("task"))
Made = TypeVar("Made", bound=Task)


def register(made: type[Made]) -> type[Made]:
    """Register the decorated class, which needs no arguments, under its own `name`."""
    tasks.add(made.name, made())
    return made
