"""Judging a network on a split it does not learn from, as generators: between batches, wishes are heard."""

from collections.abc import Callable, Generator, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.events import Event
from workbench.data.dataset import Split
from workbench.inference.evaluation import measured
from workbench.metrics import metrics
from workbench.training.course import Hearing
from workbench.training.devices import widest
from workbench.training.feeding import Feed, feed
from workbench.training.precision import autocast
from workbench.training.setup import Trainee

_BATCH = 512
Heed = Callable[[], Hearing]
Judgement = Generator[Event, None, dict[str, Any] | None]


def fed(trainee: Trainee, split: Split) -> Feed:
    """Return a split as the network takes it."""
    channels_last = trainee.recipe.training.memory_layout == "channels_last" and trainee.dataset.inputs.kind == "image"
    return feed(split, trainee.preprocessing, trainee.device, channels_last=channels_last)


def judged(trainee: Trainee, samples: Feed, name: str, heed: Heed) -> Judgement:
    """Measure the network that is kept, and return {name_loss, name_accuracy, …}, or {} without samples.

    The loss is the plain one, without class weights and label smoothing, so that runs can be compared. Returns None
    when the window wishes the end meanwhile.
    """
    if not len(samples):
        return {}
    totals: dict[str, Tensor] = {}
    for logits, targets in _outputs(trainee, trainee.judged, samples):
        found = {key: metrics[key].total(logits, targets) for key in trainee.metrics}
        found["loss"] = trainee.task.loss(logits, targets, reduction="sum").to(widest(trainee.device))
        totals = {key: totals[key] + found[key] for key in found} if totals else found
        if (yield from heed()):
            return None
    values = {f"{name}_{key}": metrics[key].value(totals[key], len(samples)) for key in trainee.metrics}
    return {f"{name}_loss": float(totals["loss"]) / len(samples), **values}


def judged_in_full(trainee: Trainee, network: nn.Module, samples: Feed, heed: Heed) -> Judgement:
    """Return metrics, confusion matrix and mistakes of `network`, as inference.evaluation words them, or None."""
    pairs = []
    for pair in _outputs(trainee, network, samples):
        pairs.append(pair)
        if (yield from heed()):
            return None
    logits, targets = _joined(pairs)
    return measured(logits, targets, trainee.dataset.task, trainee.dataset.classes, samples.split.names)


def outputs_of(trainee: Trainee, network: nn.Module, split: Split) -> tuple[Tensor, Tensor]:
    """Return logits (N, outputs) and targets (N,) of a split, on the CPU."""
    return _joined(list(_outputs(trainee, network, fed(trainee, split))))


def _joined(pairs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    logits, targets = (torch.cat(parts).cpu() for parts in zip(*pairs, strict=True))
    return logits, targets


def _outputs(trainee: Trainee, network: nn.Module, samples: Feed) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield logits and targets of every batch, without gradients, with the network in evaluation mode."""
    was_training = network.training
    network.eval()
    try:
        for inputs, targets in samples.batches(torch.arange(len(samples)), _BATCH):
            # not around the yield: the mode belongs to the thread, and whoever iterates has work of his own
            with torch.inference_mode(), autocast(trainee.device, trainee.recipe.training.precision):
                logits = network(samples.ready(inputs))
            yield logits, targets
    finally:
        network.train(was_training)
