"""Judging a network on a split it does not learn from."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from workbench.data.dataset import Split
from workbench.inference.evaluation import measured
from workbench.metrics import metrics
from workbench.training.feeding import Feed, feed
from workbench.training.precision import autocast
from workbench.training.setup import Trainee

_BATCH = 512
Judge = Callable[[nn.Module], dict[str, float]]


def judge(trainee: Trainee, split: Split, name: str) -> Judge:
    """Return a function that measures a network on `split`: {name_loss, name_accuracy, …}, or {} without samples.

    The loss is the plain one, without class weights and label smoothing, so that runs can be compared.
    """
    if len(split) == 0:
        return lambda network: {}
    samples = _fed(trainee, split)

    def measure(network: nn.Module) -> dict[str, float]:
        totals: dict[str, Tensor] = {}
        for logits, targets in _outputs(trainee, network, samples):
            found = {key: metrics[key].total(logits, targets) for key in trainee.metrics}
            found["loss"] = trainee.task.loss(logits, targets, reduction="sum").double()
            totals = {key: totals[key] + found[key] for key in found} if totals else found
        values = {f"{name}_{key}": metrics[key].value(totals[key], len(split)) for key in trainee.metrics}
        return {f"{name}_loss": float(totals["loss"]) / len(split), **values}

    return measure


def evaluated(trainee: Trainee, network: nn.Module, split: Split) -> dict[str, Any]:
    """Return metrics, confusion matrix and mistakes of `network` on `split`, as inference.evaluation words them."""
    logits, targets = outputs_of(trainee, network, split)
    return measured(logits, targets, trainee.dataset.task, trainee.dataset.classes, split.names)


def outputs_of(trainee: Trainee, network: nn.Module, split: Split) -> tuple[Tensor, Tensor]:
    """Return logits (N, outputs) and targets (N,) of a split, on the CPU."""
    pairs = list(_outputs(trainee, network, _fed(trainee, split)))
    logits, targets = (torch.cat(parts).cpu() for parts in zip(*pairs, strict=True))
    return logits, targets


def _fed(trainee: Trainee, split: Split) -> Feed:
    channels_last = trainee.recipe.training.memory_layout == "channels_last" and trainee.dataset.inputs.kind == "image"
    return feed(split, trainee.preprocessing, trainee.device, channels_last=channels_last)


def _outputs(trainee: Trainee, network: nn.Module, samples: Feed) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield logits and targets of every batch, without gradients, with the network in evaluation mode."""
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for inputs, targets in samples.batches(torch.arange(len(samples)), _BATCH):
            with autocast(trainee.device, trainee.recipe.training.precision):
                logits = network(samples.ready(inputs))
            yield logits, targets
    network.train(was_training)
