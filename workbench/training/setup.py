"""From a recipe to everything that the loop needs, ready for the first step."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from workbench import architectures, optimizers, schedules
from workbench.core import paths
from workbench.core.events import Event, Preparing, Warned
from workbench.core.words import Words
from workbench.data import Dataset, Progress, hub_models, open_data
from workbench.data.augmentation import Augmentation
from workbench.data.augmentation.turns import in_turns, mirrored_rows
from workbench.data.checks import require_trainable
from workbench.data.masking_key import key_called
from workbench.data.preprocessing import Preprocessing, masked_as
from workbench.data.preprocessing import fit as preprocessing_for
from workbench.inference.feeding import Feed, feed
from workbench.inference.order import WHOLE, Share, Sizes, batch_count, mixed, portions
from workbench.metrics import metrics_for
from workbench.networks.without_compiler import without_compiler
from workbench.optimizers.quick import quick_step, usual_step
from workbench.recipe import Recipe, task_of, title_of, to_plain
from workbench.schedules import Reaction
from workbench.tasks import Task, tasks
from workbench.tasks.classification import balanced_weights
from workbench.training import sharing, starting
from workbench.training.checkpoint import Loaded, restore_random
from workbench.training.distilling import Teacher, teacher_of
from workbench.training.distributed import ALONE, Group, about_normalization
from workbench.training.graphs import Graphs
from workbench.training.precision import scaler
from workbench.training.private import Private, make_private
from workbench.training.private_gradients import SampleGradients
from workbench.training.pruning import Pruner
from workbench.training.resolving import resolved
from workbench.training.sharing import part_of, parts_of, synchronized, whole, whole_state

Batch = tuple[Tensor, Tensor]
_NAMED = 3  # files left out that are named one by one
_FUSED = ("cpu", "cuda", "xpu", "mps")


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
        others = (self.group.rank,) if self.group.rank else ()
        return torch.Generator(self.device).manual_seed(mixed(self.recipe.training.seed, step, part, 2, *others))

    @cached_property
    def spare(self) -> Batch:
        """Samples for a process that has no part of a batch, so that it computes something, too."""
        whole = replace(self.training, share=WHOLE)
        return next(iter(whole.batches(self.training.in_order()[:2], 2, made_ready=not self.augments)))

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
            torch.manual_seed(mixed(self.recipe.training.seed, loaded.position.step, self.group.rank))


def set_up(
    recipe: Recipe,
    report: Callable[[Event], None],
    *,
    runs: Path | None = None,
    loaded: Loaded | None = None,
    chosen: Mapping[str, Any] | None = None,
    group: Group = ALONE,
) -> Trainee:
    """Open the data, decide what the recipe leaves open, and build the network with the weights it begins with.

    runs: where the run may lie that it starts from. loaded: a checkpoint whose weights it gets afterwards; then what it
    started from need not be there any more. chosen: settings to take where the recipe leaves them open; left out, what
    was measured to be the fastest. group: the processes that train together. Raises UserError when the data cannot be
    opened or trained on, or the network cannot take them.
    """
    if loaded is not None and (key := loaded.extra.get("masking", {}).get("key")):
        key_called(key)  # with another one the hashes in the data would be others

    def opened() -> tuple[Recipe, Dataset]:
        complete = _completed(recipe, lambda progress: report(_preparing(progress)))
        return complete, open_data(complete.data, lambda progress: report(_preparing(progress)))

    recipe, dataset = group.in_turns(opened)
    require_trainable(dataset)
    for words in left_out(dataset):
        report(Warned(words))
    report(Preparing(Words("Preparing the network")))
    wanted = recipe.training.start_from
    source = starting.source_of(wanted, runs or paths.runs()) if wanted and loaded is None else None
    borrowed = _borrowed(recipe, dataset, source, loaded)
    preprocessing = masked_as(dataset, borrowed) if borrowed else preprocessing_for(dataset, recipe.architecture)
    task = tasks[task_of(recipe, dataset)]
    recipe = group.agreed(resolved(recipe, dataset, preprocessing, task, chosen=chosen, group=group))
    group.require_same((len(dataset.training), preprocessing.to_plain()))
    training = recipe.training
    goal = {"loss": training.loss, **task.goal_for(dataset, preprocessing, recipe.architecture)}
    task = task.bound(goal)
    device = group.device(training.device) if group.size > 1 else torch.device(training.device)
    assert isinstance(training.threads, int)
    torch.set_num_threads(training.threads)
    torch.manual_seed(training.seed)
    outputs = task.outputs(dataset.outputs, preprocessing.inputs)
    network = architectures.build(recipe.architecture, preprocessing.inputs, outputs, task.name)
    if loaded is None:
        for words in _begun(network, dataset, preprocessing, source):
            report(Warned(words))
    starting.freeze(network, training.freeze)
    sharded = group.size > 1 and training.processes.sharding == "weights"
    channels_last = training.memory_layout == "channels_last" and dataset.inputs.kind == "image" and not sharded
    network.to(device)
    if channels_last:
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    shared = None
    if group.size > 1:
        if words := about_normalization(network, device, group):
            report(Warned(words))
        network = synchronized(network, device)
        shared = sharing.shared(network, group, device, training.processes.sharding)
        if group.rank:  # each process leaves out other numbers; the first those that it would alone
            torch.manual_seed(mixed(training.seed, group.rank))
    optimizer = _optimizer(recipe, network, device)
    average = None
    if training.ema:
        average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(training.ema), use_buffers=True)
    pruner = None
    if training.pruning.share:
        pruner = Pruner(network, recipe.architecture, training.pruning, [average.module] if average else [])
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    weights = None
    if training.class_weights == "balanced" and task.name == "classification":
        weights = torch.tensor(balanced_weights(dataset.counts("training").tolist()), device=device)
    trainee = Trainee(
        recipe=recipe,
        dataset=dataset,
        preprocessing=preprocessing,
        task=task,
        metrics=metrics_for(task, outputs),
        device=device,
        network=network,
        forward=torch.compile(shared or network) if training.compile == "on" else shared or network,
        average=average,
        optimizer=optimizer,
        rates=rates,
        reaction=schedules.reaction(training.schedule),
        scaler=scaler(device, training.precision),
        training=_training_feed(
            recipe, dataset, preprocessing, task, device, channels_last=channels_last, share=group.share
        ),
        weights=weights,
        teacher=teacher_of(training, runs or paths.runs(), preprocessing, dataset.classes, device),
        borrowed=borrowed is not None or hasattr(network, "load_pretrained"),
        group=group,
        shared=shared,
        pruner=pruner,
        graphs=Graphs(optimizer, rates, device) if training.cuda_graphs == "on" and shared is None else None,
    )
    if training.privacy.on:
        make_private(trainee, report)
    return trainee


def _begun(
    network: nn.Module, dataset: Dataset, preprocessing: Preprocessing, source: starting.Source | None
) -> Iterator[Words]:
    """Give a new network the weights that it begins with, and yield what there is to say of them."""
    starting.prepare(network, dataset.training, preprocessing)
    if hasattr(network, "load_pretrained"):
        yield from starting.pretrained(network)
    if source is not None:
        yield from starting.start(network, source).words()


def _optimizer(recipe: Recipe, network: nn.Module, device: torch.device) -> Optimizer:
    """Return the optimizer; what torch keeps from its compiler is called here once, without importing that."""
    fused = recipe.training.speed == "fast" and device.type in _FUSED
    with without_compiler():
        optimizer = optimizers.build(recipe.training.optimizer, network.named_parameters(), fused=fused)
        optimizer.zero_grad()
        optimizer.load_state_dict(optimizer.state_dict())
    return optimizer


def _training_feed(
    recipe: Recipe,
    dataset: Dataset,
    preprocessing: Preprocessing,
    task: Task,
    device: torch.device,
    *,
    channels_last: bool,
    share: Share,
) -> Feed:
    """Return the training split as a feed, in batches of similar length where that is wanted and helps."""
    training, trimmed = recipe.training, trims(recipe)
    size = len(dataset.training) if training.batch_size == "all" else training.batch_size
    grouped = size if training.group_lengths and trimmed else 0
    return feed(
        dataset.training,
        preprocessing,
        task,
        device,
        channels_last=channels_last,
        trimmed=trimmed,
        grouped=grouped,
        share=share,
    )


def trims(recipe: Recipe) -> bool:
    """Return whether texts come without the padding that no text of their batch needs: the network reads none."""
    return recipe.training.speed == "fast" and bool(getattr(recipe.architecture, "trims_texts", False))


def _completed(recipe: Recipe, progress: Callable[[Progress], None]) -> Recipe:
    """Return the recipe with the configuration of a pretrained model in it, so that its folder is not needed later.

    A model of the hub is downloaded for that, if it is not here.
    """
    settings: Any = recipe.architecture
    if not hasattr(settings, "completed"):
        return recipe
    if not settings.config:
        hub_models.obtained(settings.name, progress)
    return recipe.model_copy(update={"architecture": settings.completed()})


def _borrowed(
    recipe: Recipe, dataset: Dataset, source: starting.Source | None, loaded: Loaded | None
) -> Preprocessing | None:
    """Return the preprocessing of the run that this one starts or started from, where it is to be taken over."""
    if loaded is not None:
        return starting.preprocessing_of(loaded.extra.get("preprocessing"))
    return source.preprocessing_for(dataset.inputs.kind, recipe.architecture) if source else None


def left_out(dataset: Dataset) -> list[Words]:
    """Return a sentence for each of the first files or rows that could not be read, and one for the rest."""
    found = [
        Words("{name} is left out: {reason}", {"name": item.name, "reason": item.reason})
        for item in dataset.skipped[:_NAMED]
    ]
    more = len(dataset.skipped) - len(found)
    return [*found, Words("Left out besides these: {count}.", {"count": f"{more:,}"})] if more else found


def _preparing(progress: Progress) -> Preparing:
    return Preparing(progress.stage, progress.done, progress.total)
