"""From a recipe to everything that the loop needs, ready for the first step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from workbench import architectures, optimizers, schedules
from workbench.core import paths
from workbench.core.events import Event, Preparing, Warned
from workbench.core.words import Words
from workbench.data import Dataset, Progress, hub_models, open_data
from workbench.data.checks import require_trainable
from workbench.data.masking_key import key_called
from workbench.data.preprocessing import Preprocessing, masked_as
from workbench.data.preprocessing import fit as preprocessing_for
from workbench.inference.feeding import Feed, feed
from workbench.inference.order import Share, mixed, of_rank
from workbench.metrics import metrics_for
from workbench.networks.without_compiler import without_compiler
from workbench.recipe import Recipe, task_of
from workbench.tasks import Task, tasks
from workbench.tasks.classification import balanced_weights
from workbench.training import sharing, starting
from workbench.training.checkpoint import Loaded
from workbench.training.distilling import teacher_of
from workbench.training.distributed import ALONE, Group, about_normalization
from workbench.training.graphs import Graphs
from workbench.training.precision import scaler
from workbench.training.private import make_private
from workbench.training.pruning import Pruner
from workbench.training.resolving import resolved
from workbench.training.sharing import synchronized
from workbench.training.trainee import Trainee

_NAMED = 3  # files left out that are named one by one
_FUSED = ("cpu", "cuda", "xpu", "mps")


@dataclass(frozen=True)
class _Opened:
    """The data of a run, and what was decided by looking at them.

    recipe: nothing in it is left open. source: of the weights to begin with. borrowed: whether the preprocessing is
    that of the run it starts or started from.
    """

    recipe: Recipe
    dataset: Dataset
    preprocessing: Preprocessing
    task: Task
    source: starting.Source | None
    borrowed: bool


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
    runs = runs or paths.runs()
    opened = _opened(recipe, report, runs, loaded, chosen, group)
    recipe, dataset, preprocessing, task = opened.recipe, opened.dataset, opened.preprocessing, opened.task
    training = recipe.training
    device = group.device(training.device) if group.size > 1 else torch.device(training.device)
    assert isinstance(training.threads, int)
    torch.set_num_threads(training.threads)
    torch.manual_seed(training.seed)
    outputs = task.outputs(dataset.outputs, preprocessing.inputs)
    network = architectures.build(recipe.architecture, preprocessing.inputs, outputs, task.name)
    if loaded is None:
        for said in _begun(network, opened):
            report(said)
    starting.freeze(network, training.freeze)
    sharded = group.size > 1 and training.processes.sharding == "weights"
    channels_last = training.memory_layout == "channels_last" and dataset.inputs.kind == "image" and not sharded
    network.to(device)
    if channels_last:
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    network, shared = _among_processes(network, recipe, device, group, report)
    optimizer = _optimizer(recipe, network, device)
    average = None
    if training.ema:
        average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(training.ema), use_buffers=True)
    pruner = None
    if training.pruning.share:
        pruner = Pruner(network, recipe.architecture, training.pruning, [average.module] if average else [])
    rates = [float(part["lr"]) for part in optimizer.param_groups]
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
        training=_training_feed(opened, device, channels_last=channels_last, share=group.share),
        weights=_class_weights(opened, device),
        teacher=teacher_of(training, runs, preprocessing, dataset.classes, device),
        borrowed=opened.borrowed or hasattr(network, "load_pretrained"),
        group=group,
        shared=shared,
        pruner=pruner,
        graphs=Graphs(optimizer, rates, device) if training.cuda_graphs == "on" and shared is None else None,
    )
    if training.privacy.on:
        make_private(trainee, report)
    return trainee


def _opened(
    recipe: Recipe,
    report: Callable[[Event], None],
    runs: Path,
    loaded: Loaded | None,
    chosen: Mapping[str, Any] | None,
    group: Group,
) -> _Opened:
    """Open the data and decide what the recipe leaves open, as `set_up` says."""
    if loaded is not None and (key := loaded.extra.get("masking", {}).get("key")):
        key_called(key)  # with another one the hashes in the data would be others

    def complete() -> tuple[Recipe, Dataset]:
        completed = _completed(recipe, lambda progress: report(_preparing(progress)))
        return completed, open_data(completed.data, lambda progress: report(_preparing(progress)))

    recipe, dataset = group.in_turns(complete)
    require_trainable(dataset)
    for words in left_out(dataset):
        report(Warned(words))
    report(Preparing(Words("Preparing the network")))
    wanted = recipe.training.start_from
    source = starting.source_of(wanted, runs) if wanted and loaded is None else None
    borrowed = _borrowed(recipe, dataset, source, loaded)
    preprocessing = masked_as(dataset, borrowed) if borrowed else preprocessing_for(dataset, recipe.architecture)
    task = tasks[task_of(recipe, dataset)]
    recipe = group.agreed(resolved(recipe, dataset, preprocessing, task, chosen=chosen, group=group))
    group.require_same((len(dataset.training), preprocessing.to_plain()))
    goal = {"loss": recipe.training.loss, **task.goal_for(dataset, preprocessing, recipe.architecture)}
    return _Opened(recipe, dataset, preprocessing, task.bound(goal), source, borrowed is not None)


def _among_processes(
    network: nn.Module, recipe: Recipe, device: torch.device, group: Group, report: Callable[[Event], None]
) -> tuple[nn.Module, nn.Module | None]:
    """Return the network as each process has it, and as all compute with it together; the latter is None for one."""
    if group.size == 1:
        return network, None
    if words := about_normalization(network, device, group):
        report(Warned(words))
    network = synchronized(network, device)
    shared = sharing.shared(network, group, device, recipe.training.processes.sharding)
    if group.rank:  # each process leaves out other numbers; the first those that it would alone
        torch.manual_seed(mixed(recipe.training.seed, 0, 0, 0, *of_rank(group.rank)))
    return network, shared


def _class_weights(opened: _Opened, device: torch.device) -> Tensor | None:
    if opened.recipe.training.class_weights != "balanced" or opened.task.name != "classification":
        return None
    return torch.tensor(balanced_weights(opened.dataset.counts("training").tolist()), device=device)


def _begun(network: nn.Module, opened: _Opened) -> Iterator[Warned]:
    """Give a new network the weights that it begins with, and yield what there is to say of them."""
    starting.prepare(network, opened.dataset.training, opened.preprocessing)
    if hasattr(network, "load_pretrained"):
        yield from (Warned(words) for words in starting.pretrained(network))
    if opened.source is not None:
        match = starting.start(network, opened.source)
        level = "note" if match.is_complete else "warning"
        yield from (Warned(words, level=level) for words in match.words())


def _optimizer(recipe: Recipe, network: nn.Module, device: torch.device) -> Optimizer:
    """Return the optimizer; what torch keeps from its compiler is called here once, without importing that."""
    fused = recipe.training.speed == "fast" and device.type in _FUSED
    with without_compiler():
        optimizer = optimizers.build(recipe.training.optimizer, network.named_parameters(), fused=fused)
        optimizer.zero_grad()
        optimizer.load_state_dict(optimizer.state_dict())
    return optimizer


def _training_feed(opened: _Opened, device: torch.device, *, channels_last: bool, share: Share) -> Feed:
    """Return the training split as a feed, in batches of similar length where that is wanted and helps."""
    training, dataset, trimmed = opened.recipe.training, opened.dataset, trims(opened.recipe)
    size = len(dataset.training) if training.batch_size == "all" else training.batch_size
    grouped = size if training.group_lengths and trimmed else 0
    return feed(
        dataset.training,
        opened.preprocessing,
        opened.task,
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
