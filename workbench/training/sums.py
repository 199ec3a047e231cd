"""What the running epoch adds up on the device: loss and headline metric over the training batches."""

from typing import Any

import torch
from torch import Tensor

from workbench.inference.examining import widest
from workbench.metrics import metrics
from workbench.tasks import Task
from workbench.training.checkpoint import Position
from workbench.training.distributed import ALONE, Group

_TOGETHER = 64  # small batches whose metric is computed in one operation
_SMALL = 16_384  # numbers of outputs up to which a batch waits for others
_Batch = tuple[Tensor, Tensor, Tensor, bool]  # outputs, targets, summed loss, whether that is plain


class Sums:
    """Adds up; outputs of small batches are kept until there are many, since many small operations take long."""

    def __init__(self, task: Task, position: Position, device: torch.device, group: Group = ALONE) -> None:
        """group: the processes whose sums are one; what the position knows is counted by the first of them."""
        self.task = task
        self.headline = task.headline
        self._group = group
        self._samples: int | Tensor = position.samples if group.is_first else 0
        self._type = widest(device)
        known = position.sums if group.is_first else {}
        self._totals = {name: torch.tensor(value, dtype=self._type, device=device) for name, value in known.items()}
        self._waiting: list[_Batch] = []
        self._apart: dict[str, Tensor] = {}  # totals that recorded steps add to in place

    def add(
        self, outputs: Tensor, targets: Tensor, loss: Tensor, count: int | Tensor, *, is_plain: bool = False
    ) -> None:
        """Add a batch: its summed loss, its part of the metric, and over how many things they are means.

        is_plain: whether the loss is the task's own, without weights and smoothing, of which a metric can be made.
        """
        self._samples = self._samples + count
        if outputs.numel() > _SMALL:
            self._put(outputs, targets, loss, is_plain)
            return
        batch = (outputs, targets, loss, is_plain)
        if self._waiting and not _alike(self._waiting[-1], batch):
            self._put_waiting()
        self._waiting.append(batch)
        if len(self._waiting) == _TOGETHER:
            self._put_waiting()

    def add_in_place(
        self, outputs: Tensor, targets: Tensor, loss: Tensor, count: int | Tensor, *, is_plain: bool = False
    ) -> None:
        """Add a batch as `add` does, but for its count, to the totals that were given to `add_from`."""
        for name, value in self._found(outputs, targets, loss, is_plain).items():
            self._apart[name].add_(value)

    def add_from(self, totals: dict[str, Tensor]) -> None:
        """Count what is added to these totals from now on, too; they are those of `zeros`."""
        if self._apart is not totals:
            self._fold()
            for value in totals.values():
                value.zero_()
            self._apart = totals

    def add_count(self, count: int | Tensor) -> None:
        """Add over how many things the loss of a batch is a mean, whose totals were added in place."""
        self._samples = self._samples + count

    def zeros(self) -> dict[str, Tensor]:
        """Return totals like those of the batches so far, of which there must be one."""
        self._put_waiting()
        return {name: torch.zeros_like(value) for name, value in self._totals.items()}

    def _fold(self) -> None:
        for name, value in self._apart.items():
            self._totals[name] = self._totals[name] + value if name in self._totals else value.clone()
            value.zero_()

    def _found(self, outputs: Tensor, targets: Tensor, loss: Tensor, is_plain: bool) -> dict[str, Tensor]:
        chosen = {self.headline: metrics[self.headline].total}
        return {"loss": loss, **self.task.totals(chosen, outputs, targets, loss=loss if is_plain else None)}

    def _put(self, outputs: Tensor, targets: Tensor, loss: Tensor, is_plain: bool) -> None:
        for name, value in self._found(outputs, targets, loss, is_plain).items():
            self._totals[name] = self._totals[name] + value if name in self._totals else value.to(self._type)

    def _put_waiting(self) -> None:
        if self._waiting:
            outputs, targets, losses, plain = zip(*self._waiting, strict=True)
            self._waiting = []
            self._put(torch.cat(outputs), torch.cat(targets), torch.stack(losses).to(self._type).sum(), all(plain))

    def plain(self) -> tuple[dict[str, Any], int]:
        """Return the totals so far, as numbers or lists of them, and over how many things; waits for the device."""
        totals, count = self._everywhere()
        return {name: value.tolist() for name, value in totals.items()}, count

    def _everywhere(self) -> tuple[dict[str, Tensor], int]:
        self._put_waiting()
        self._fold()
        return self._group.summed(self._totals, int(self._samples))

    def kept(self) -> tuple[Any, ...]:
        """Return what `back_to` needs to forget all that is added from now on."""
        return self._samples, dict(self._totals), list(self._waiting)

    def back_to(self, kept: tuple[Any, ...]) -> None:
        """Forget what was added since `kept` returned this."""
        self._samples, self._totals, self._waiting = kept[0], dict(kept[1]), list(kept[2])

    def means(self) -> dict[str, float]:
        """Return the epoch's {training_loss, training_accuracy, …}."""
        totals, count = self._everywhere()
        metric = metrics[self.headline].value(totals[self.headline], count)
        return {
            "training_loss": float(totals["loss"]) / max(count, 1),
            f"training_{self.headline}": metric,
        }

    def clear(self) -> None:
        """Begin a new epoch."""
        self._samples, self._totals, self._waiting = 0, {}, []


def _alike(first: _Batch, second: _Batch) -> bool:
    """Whether outputs and targets of two batches can be put together."""
    return all(
        one.shape[1:] == other.shape[1:] and one.dtype == other.dtype
        for one, other in zip(first[:2], second[:2], strict=True)
    )
