"""Judging a network on a split it does not learn from."""

from collections.abc import Callable

import torch
from torch import nn

from workbench.data.dataset import Split
from workbench.metrics import metrics
from workbench.training.feeding import feed
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
    training = trainee.recipe.training
    channels_last = training.memory_layout == "channels_last" and trainee.dataset.inputs.kind == "image"
    samples = feed(split, trainee.preprocessing, trainee.device, channels_last=channels_last)
    order = torch.arange(len(split))

    def measure(network: nn.Module) -> dict[str, float]:
        was_training = network.training
        network.eval()
        totals: dict[str, torch.Tensor] = {}
        with torch.inference_mode():
            for inputs, targets in samples.batches(order, _BATCH):
                with autocast(trainee.device, training.precision):
                    logits = network(samples.ready(inputs))
                found = {key: metrics[key].total(logits, targets) for key in trainee.metrics}
                found["loss"] = trainee.task.loss(logits, targets, reduction="sum").double()
                totals = {key: totals[key] + found[key] for key in found} if totals else found
        network.train(was_training)
        values = {f"{name}_{key}": metrics[key].value(totals[key], len(split)) for key in trainee.metrics}
        return {f"{name}_loss": float(totals["loss"]) / len(split), **values}

    return measure
