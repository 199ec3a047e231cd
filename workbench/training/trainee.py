"""What is trained, with what it is trained on and by: all that the loop needs between two steps."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from workbench.data import Dataset
from workbench.data.augmentation import Augmentation
from workbench.data.augmentation.turns import in_turns, mirrored_rows
from workbench.data.preprocessing import Preprocessing
from workbench.inference.feeding import Feed
from workbench.inference.order import WHOLE, Sizes, batch_count, mixed, of_rank, portions
from workbench.optimizers.quick import quick_step, usual_step
from workbench.recipe import Recipe, title_of, to_plain
from workbench.schedules import Reaction
from workbench.tasks import Task
from workbench.training.checkpoint import Loaded, restore_random
from workbench.training.distilling import Teacher
from workbench.training.distributed import ALONE, Group
from workbench.training.graphs import Graphs
from workbench.training.private import Private
from workbench.training.private_gradients import SampleGradients
from workbench.training.pruning import Pruner
from workbench.training.sharing import part_of, parts_of, whole, whole_state

Batch = tuple[Tensor, Tensor]


@dataclass
class Trainee:
    """What is trained, with what it is trained on and by.

    network: owns the weights; forward: the same, perhaps compiled. average: its moving average, or None. rates: the
    learning rate of each parameter group before the schedule. weights: of the classes, or None.
    """

    recipe: Recipe
    dataset: Dataset
    preprocessing: Preprocessing
    task: Task
    metrics: tuple[str, ...]
    device: torch.device
    network: nn.Module
    forward: Callable[[Tensor], Tensor]
    average: AveragedModel | None
    optimizer: Optimizer
    rates: list[float]
    reaction: Reaction | None
    scaler: GradScaler
    training: Feed
    weights: Tensor | None
    teacher: Teacher | None = None
    borrowed: bool = False  # whether the preprocessing is that of the run it started from
    skipped: int | Tensor = 0  # steps that were left out because a gradient was too large for float16
    group: Group = ALONE  # the processes that train together
    shared: nn.Module | None = None  # the network as several processes compute with it
    graphs: Graphs | None = None  # steps that were recorded, where the device can
    private: Private | None = None  # its budget and its chance, where single samples must not be told of
    pruner: Pruner | None = None
    pieces: int = 1  # in which every batch is computed one after the other, because memory is short

    @property
    def judged(self) -> nn.Module:
        """The network that is validated and kept: the averaged one, where there is one."""
        return self.average.module if self.average else self.network

    @property
    def is_in_form(self) -> bool:
        """Whether the network is what was asked for, so that the best can be told: all is pruned that is to be."""
        return self.pruner is None or self.pruner.is_complete

    def batch_size(self) -> int:
        """Return how many samples are computed at once."""
        size = self.recipe.training.batch_size
        return len(self.training) if size == "all" else min(size, len(self.training))

    def chance(self, step: int, part: int) -> torch.Generator:
        """Return the source of chance of this part of a step: a pure function of seed, step and part."""
        if not self.task.draws:
            return torch.default_generator  # nobody asks it, and making one takes time
        others = of_rank(self.group.rank)
        return torch.Generator(self.device).manual_seed(mixed(self.recipe.training.seed, step, part, 2, *others))

    @cached_property
    def spare(self) -> Batch:
        """Samples for a process that has no part of a batch, so that it computes something, too."""
        unshared = replace(self.training, share=WHOLE)
        return next(iter(unshared.batches(self.training.in_order()[:2], 2, made_ready=not self.augments)))

    @cached_property
    def augments(self) -> bool:
        """Whether training changes its samples at random, as they lie in the data."""
        return self.augmentation.anything()

    @cached_property
    def augmentation(self) -> Augmentation:
        """The random changes that training makes, none where the data know of none."""
        settings = getattr(self.recipe.data, "augmentation", None)
        return settings if isinstance(settings, Augmentation) else Augmentation()

    @cached_property
    def sample_gradients(self) -> SampleGradients:
        """The gradients of single samples, for a private training."""
        training = self.recipe.training
        return SampleGradients(self.network, self.task, training.privacy.clip, training.label_smoothing)

    def steps_per_epoch(self) -> int:
        """Return how many steps an epoch has."""
        batches = batch_count(len(self.training), self.batch_size())
        return math.ceil(batches / self.recipe.training.accumulation)

    def order_of(self, epoch: int) -> tuple[Tensor, Sizes]:
        """Return the samples of an epoch, counted from 0, in their order (N,), and how many a batch takes of them."""
        if self.private is None:
            return self.training.order(self.recipe.training.seed, epoch), self.batch_size()
        parts = self.private.drawn(epoch, self.steps_per_epoch())
        return self.training.in_order()[torch.cat(parts)], [len(part) for part in parts]

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 0, from batch `start` on."""
        return self.batches(*self.order_of(epoch), start, epoch=epoch)

    def batches(self, order: Tensor, size: Sizes, start: int = 0, *, epoch: int = 0) -> Iterator[Batch]:
        """Yield the batches that a step takes, made ready many at once where nothing is changed in them before.

        Of several processes, each gets its part of every batch.

        epoch: counted from 0; decides which images are mirrored, where that happens in turns.
        """
        batches = self.training.batches(order, size, start, made_ready=not self.augments)
        if not self.augments or not self.augmentation.alternating_flip:
            return batches
        mirrored = mirrored_rows(len(self.training), self.recipe.training.seed, epoch)
        return in_turns(batches, portions(order, size, self.group.share)[start:], mirrored)

    @cached_property
    def parameters(self) -> list[nn.Parameter]:
        """The weights that are trained."""
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]

    @cached_property
    def change(self) -> Callable[[], object]:
        """What changes the weights by their gradients."""
        return quick_step(self.optimizer) or partial(usual_step, self.optimizer)

    def prepared(self, inputs: Tensor, targets: Tensor, generator: torch.Generator, *, training: bool) -> Batch:
        """Return a batch of the feed as the network takes it, and what its outputs are compared with."""
        return self.task.prepare(self.training.ready(inputs), targets, generator, training=training)

    def description(self) -> dict[str, Any]:
        """Return what model.json says about every model of this run."""
        plain = to_plain(self.recipe)
        return {
            "task": self.task.name,
            "goal": dict(self.task.goal),
            "inputs": self.preprocessing.inputs.to_plain(),
            "outputs": self.task.outputs(self.dataset.outputs, self.preprocessing.inputs),
            "labels": list(self.dataset.classes),
            "architecture": plain["architecture"],
            "preprocessing": self.preprocessing.to_plain(),
            "data": plain["data"],
            "title": title_of(self.recipe),
            "precision": self.recipe.training.precision,
            "threads": self.recipe.training.threads,
            "memory_layout": self.recipe.training.memory_layout,
            "test_time_augmentation": self.recipe.training.test_time_augmentation,
            **({"privacy": self.private.description()} if self.private else {}),
        }

    def state(self) -> dict[str, Any]:
        """Return all that a checkpoint keeps of what is trained; all processes must ask."""
        average = {} if self.average is None else self.average.state_dict()
        extra = {
            "scaler": self.scaler.state_dict(),
            "reaction": self.reaction.state() if self.reaction else {},
            "labels": list(self.dataset.classes),
            "samples": len(self.training),
            "preprocessing": self.preprocessing.to_plain() if self.borrowed else {},
            **({"masking": masking} if (masking := self.dataset.facts.get("masking")) else {}),
            "pieces": self.pieces,
            "skipped": int(self.skipped),
            **({"private": self.private.state()} if self.private else {}),
            "pruned": self.pruner.reached if self.pruner else 0.0,
        }
        return {
            "weights": self.whole_weights(),
            "average": average,
            "optimizer": self.optimizer_state(),
            "extra": extra,
            "masks": self.pruner.state() if self.pruner else {},
        }

    def whole_weights(self) -> dict[str, Tensor]:
        """Return the weights that are trained, also those of which each process holds a part; all must ask."""
        return {name: whole(tensor) for name, tensor in self.network.state_dict().items()}

    def whole_judged(self) -> dict[str, Tensor]:
        """Return the weights of the network that is validated and kept; all processes must ask."""
        return {name: whole(tensor) for name, tensor in self.judged.state_dict().items()}

    def optimizer_state(self) -> dict[str, Any]:
        """Return the state of the optimizer with learning rates as plain numbers."""
        state = whole_state(self.optimizer.state_dict())
        for group in state["param_groups"]:
            group["lr"] = float(group["lr"])
        return state

    def _groups(self) -> list[dict[str, Any]]:
        return self.optimizer.param_groups

    def restore(self, loaded: Loaded) -> None:
        """Go on from a checkpoint."""
        if self.graphs:
            self.graphs.forget()
        there = self.network.state_dict()
        self.network.load_state_dict(
            {name: part_of(value, there.get(name, value)) for name, value in loaded.weights.items()}
        )
        if self.average is not None:
            self.average.load_state_dict(loaded.average)
        wanted = [{name: value for name, value in group.items() if name != "params"} for group in self._groups()]
        optimizer, before = to_plain(self.recipe)["training"]["optimizer"], loaded.recipe["training"]["optimizer"]
        if optimizer["kind"] == before["kind"]:
            self.optimizer.load_state_dict(parts_of(loaded.optimizer, self.parameters))
        if optimizer != before:  # a run that was forked with other settings
            for group, values in zip(self._groups(), wanted, strict=True):
                group.update(values)
        if loaded.extra["scaler"]:
            self.scaler.load_state_dict(loaded.extra["scaler"])
        if self.reaction:
            self.reaction.restore(loaded.extra["reaction"])
        if self.private:
            self.private.restore(loaded.extra["private"])
        if self.pruner:
            self.pruner.restore(loaded.masks, loaded.extra.get("pruned", 0.0))
        self.pieces, self.skipped = loaded.extra.get("pieces", 1), loaded.extra.get("skipped", 0)
        restore_random(loaded.random)
        if self.group.rank:  # what the checkpoint holds is the first process's chance
            torch.manual_seed(mixed(self.recipe.training.seed, loaded.position.step, 0, 0, *of_rank(self.group.rank)))
