"""Tasks: what a batch, a loss, a metric and a prediction mean; one per file."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Literal, Self, TypeVar

from torch import Generator, Tensor

from workbench.core.registry import Registry
from workbench.core.signature import Inputs
from workbench.core.words import mark

Reduction = Literal["mean", "sum"]
Total = Callable[[Tensor, Tensor], Tensor]  # of a metric: (outputs, targets) -> what the batch adds to it


class Task(ABC):
    """What there is to learn; `bound` to a run it also knows what was fixed before training.

    name, title: what it is called. metrics: names in `workbench.metrics`. headline: the one that names the best model.
    streams: whether samples are stretches of the joined texts and not texts; framed: between the marks that the
    tokenizer puts around a text. draws: whether `prepare` leaves something to chance. answers_from_raw:
    whether `answers` is told the inputs before preprocessing. tells: what `told` gives. goal: plain values, kept with
    the model.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]
    headline: ClassVar[str]
    streams: ClassVar[bool] = False
    framed: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    answers_from_raw: ClassVar[bool] = False
    tells: ClassVar[str] = "logits"
    goal: Mapping[str, Any] = {}

    def bound(self, goal: Mapping[str, Any]) -> Self:
        """Return this task for a run whose `goal` was fixed, as `goal_for` gave it."""
        bound = copy(self)
        bound.goal = dict(goal)
        return bound

    def goal_for(self, dataset: Any, preprocessing: Any, settings: Any) -> dict[str, Any]:
        """Return the plain values that are fixed before training; settings: of the architecture."""
        return {}

    @abstractmethod
    def outputs(self, count: int, inputs: Inputs) -> int:
        """Return how many numbers the network gives: for one sample, or for each token of one.

        count: what `Dataset.outputs` says. inputs: one sample as it enters the network.
        """

    def prepare(
        self, inputs: Tensor, targets: Tensor, generator: Generator, *, training: bool
    ) -> tuple[Tensor, Tensor]:
        """Return a batch as the network takes it and what its outputs are compared with, on the device it is on.

        inputs: after preprocessing. generator: the only source of chance; in judging it is the same in every epoch.
        """
        return inputs, targets

    @abstractmethod
    def loss(
        self,
        outputs: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return what training makes small, in float32; the mean is the sum divided by `count`."""

    def count(self, targets: Tensor) -> int | Tensor:
        """Return over how many things loss and metrics are means: the samples, or what of them is predicted."""
        return len(targets)

    def natural(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs and targets in the units of the data."""
        return outputs, targets

    def totals(
        self, chosen: Mapping[str, Total], outputs: Tensor, targets: Tensor, loss: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return what the batch adds to each of the `chosen` metrics, on its device and without waiting for it.

        loss: summed over the batch by this task's own `loss`, where it is known, for metrics that are made of it.
        """
        outputs, targets = self.natural(outputs, targets)
        return {name: total(outputs, targets) for name, total in chosen.items()}

    def kept(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the little of a batch that `details` is made of: (n, …) each."""
        return outputs, targets

    def details(self, outputs: Tensor, targets: Tensor, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """Return as plain values what an evaluation says besides count, loss and metrics.

        outputs, targets: what `kept` gave for the N samples, on the CPU; names: N, or none.
        """
        return {}

    @abstractmethod
    def predictions(self, outputs: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return plain values for each sample of the batch, as `workbench predict` prints them."""

    def told(self, outputs: Tensor, encoded: Tensor) -> Tensor:
        """Return what outputs mean, in a form that needs no more of this program; `tells` is its name.

        encoded: the inputs before preprocessing.
        """
        return outputs

    def encoded(self, text: str, preprocessing: Any) -> Any:
        """Return a text to predict as the network takes it: (length,) int32."""
        return preprocessing.encode(text)

    def answers(
        self, outputs: Tensor, inputs: Tensor, labels: Sequence[str], top: int, preprocessing: Any
    ) -> list[dict[str, Any]]:
        """Return what `predictions` does, for tasks whose answer is also about what went in.

        outputs, inputs: of the network, on the CPU. preprocessing: knows, for one, what the ids of tokens stand for.
        """
        return self.predictions(outputs, labels, top)


tasks = Registry[Task]("workbench.tasks", mark("task"))
Made = TypeVar("Made", bound=Task)


def register(made: type[Made]) -> type[Made]:
    """Register the decorated class, which needs no arguments, under its own `name`."""
    tasks.add(made.name, made())
    return made
