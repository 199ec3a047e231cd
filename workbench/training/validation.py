"""Judging a network on a split it does not learn from, as generators: between batches, wishes are heard."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.events import Event
from workbench.data.dataset import Split
from workbench.inference.examining import Examination, batch_for
from workbench.inference.feeding import Feed, feed
from workbench.inference.order import WHOLE, judging_generator
from workbench.inference.test_time import averaged
from workbench.training.course import Hearing
from workbench.training.distributed import same_numbers
from workbench.training.precision import autocast
from workbench.training.setup import trims
from workbench.training.sharing import is_sharded_network
from workbench.training.trainee import Trainee

Heed = Callable[[], Hearing]
Judgement = Generator[Event, None, dict[str, Any] | None]


def fed(trainee: Trainee, split: Split) -> Feed:
    """Return a split as the network takes it."""
    channels_last = trainee.recipe.training.memory_layout == "channels_last"
    task, trimmed = trainee.task, trims(trainee.recipe)
    return feed(
        split,
        trainee.preprocessing,
        task,
        trainee.device,
        channels_last=channels_last,
        trimmed=trimmed,
        share=trainee.group.share,
    )


def judged(trainee: Trainee, samples: Feed, name: str, heed: Heed) -> Judgement:
    """Measure the network that is kept, and return {name_loss, name_accuracy, …}, or {} without samples.

    The loss is the plain one, without class weights and label smoothing, so that runs can be compared. Returns None
    when the window wishes the end meanwhile.
    """
    if not len(samples):
        return {}
    if trainee.group.size > 1:
        same_numbers(trainee.judged, trainee.group)
        if trainee.recipe.training.processes.sharding == "weights":
            samples = replace(samples, share=WHOLE)  # all put the layers together at the same time: none may have less
    examination = Examination(trainee.task, trainee.metrics)
    for outputs, targets in _outputs(trainee, trainee.judged, samples):
        if len(targets):
            examination.add(outputs.float(), targets)
        if (yield from heed()):
            return None
    if samples.share != WHOLE:
        examination.together(trainee.group.summed)
    return trainee.group.agreed({f"{name}_{key}": value for key, value in examination.values().items()})


def judged_in_full(trainee: Trainee, network: nn.Module, samples: Feed, heed: Heed) -> Judgement:
    """Return metrics and details of `network`, as inference.evaluation words them, or None.

    Of several processes each judges all samples: what is shown of single ones stays together.
    """
    samples = samples if samples.share == WHOLE else replace(samples, share=WHOLE)
    examination = Examination(trainee.task, trainee.metrics, keeping=True)
    for outputs, targets in _outputs(trainee, network, samples):
        examination.add(outputs.float(), targets)
        if (yield from heed()):
            return None
    return examination.result(trainee.dataset.classes, () if trainee.task.streams else samples.split.names)


def outputs_of(trainee: Trainee, network: nn.Module, split: Split) -> tuple[Tensor, Tensor]:
    """Return outputs (N, …) and what they are compared with (N, …) of a split, on the CPU."""
    pairs = list(_outputs(trainee, network, fed(trainee, split)))
    outputs, targets = (torch.cat(parts).cpu() for parts in zip(*pairs, strict=True))
    return outputs, targets


def _outputs(trainee: Trainee, network: nn.Module, samples: Feed) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield outputs and targets of every batch, without gradients, with the network in evaluation mode."""
    was_training = network.training
    inputs_shape = trainee.preprocessing.inputs
    outputs_count = trainee.task.outputs(trainee.dataset.outputs, inputs_shape)
    without_gradients = torch.no_grad if is_sharded_network(network) else torch.inference_mode
    network.eval()
    try:
        batches = samples.batches(samples.in_order(), batch_for(trainee.task, inputs_shape, outputs_count))
        for number, (inputs, targets) in enumerate(batches):
            if not len(inputs):  # other processes have samples of this batch, and this one has none
                yield inputs, targets
                continue
            # not around the yield: the mode belongs to the thread, and whoever iterates has work of his own
            with without_gradients():
                generator = judging_generator(trainee.device, number)
                ready, goals = trainee.prepared(inputs, targets, generator, training=False)
                with autocast(trainee.device, trainee.recipe.training.precision):
                    outputs = averaged(network, ready, trainee.recipe.training.test_time_augmentation)
            yield outputs, goals
    finally:
        network.train(was_training)
