"""Decides, once and before the first step, everything that a recipe leaves open."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from workbench.architectures import build
from workbench.core.processors import cores
from workbench.core.signature import Inputs
from workbench.data.dataset import Dataset
from workbench.data.preprocessing import Preprocessing
from workbench.metrics import metrics_for
from workbench.networks.number_formats import short_numbers
from workbench.networks.outline import outline
from workbench.recipe import Recipe, no_such_metric, recipe_from, to_plain
from workbench.tasks import Task
from workbench.training.choices import kept
from workbench.training.devices import chosen_device
from workbench.training.distributed import ALONE, Group
from workbench.training.graphs import KINDS

_SMALL_NETWORK = 1_000_000  # weights
_SMALL_STEP = 4e8  # operations: below this, sharing a step among threads costs more than it saves


def resolved(
    recipe: Recipe,
    dataset: Dataset,
    preprocessing: Preprocessing,
    task: Task,
    *,
    chosen: Mapping[str, Any] | None = None,
    group: Group = ALONE,
) -> Recipe:
    """Return the recipe with every "auto" replaced by what it means for these data and this task on this machine.

    chosen: settings to take where the recipe leaves them open; left out, what was measured before. group: the
    processes that train together. Raises UserError for a device that is not there, or a target metric that the task
    does not have.
    """
    training = recipe.training
    device = chosen_device(training.device)
    inputs = preprocessing.inputs
    outputs = task.outputs(dataset.outputs, inputs)
    network = on_meta(recipe, inputs, outputs, task.name)
    convolves = any(isinstance(module, nn.Conv2d) for module in network.modules())
    plain = training.speed == "plain" or training.privacy.on  # whose steps are computed in one way alone
    decided: dict[str, Any] = {
        "device": str(device),
        "precision": _precision(device, plain, convolves) if training.precision == "auto" else training.precision,
        "threads": training.threads,
        "memory_layout": training.memory_layout,
        "compile": "off" if training.compile == "auto" else training.compile,
        "cuda_graphs": training.cuda_graphs,
        "target_metric": _metric(training.target_metric, task, outputs),
    }
    optimizer = to_plain(recipe)["training"]["optimizer"]["kind"]
    alone = group.size == 1  # what is exchanged between processes is not recorded
    recordable = alone and device.type == "cuda" and optimizer in KINDS and decided["precision"] != "float16"
    if training.cuda_graphs == "auto" or not recordable:
        decided["cuda_graphs"] = "on" if recordable and not plain else "off"
    if training.memory_layout == "auto":
        decided["memory_layout"] = "channels_last" if convolves and not plain else "contiguous"
    if training.threads == "auto":
        size = len(dataset.training) if training.batch_size == "all" else training.batch_size
        small = 3 * size * flops(network, inputs) < _SMALL_STEP
        decided["threads"] = 1 if small else max(cores() // group.local_size, 1)
    complete = to_plain(recipe)
    if not plain:
        known = dict(kept(recipe, inputs, device) if chosen is None else chosen)
        if group.size > 1:  # what was measured with the whole machine for one process
            known.pop("threads", None)
        decided.update({name: value for name, value in known.items() if complete["training"][name] == "auto"})
        decided["cuda_graphs"] = decided["cuda_graphs"] if alone else "off"
    complete["training"].update(decided)
    if inputs.kind == "text" and "length" in complete["architecture"]:
        complete["architecture"]["length"] = inputs.shape[0]
    complete["data"]["task"] = task.name
    return recipe_from(complete)


def on_meta(recipe: Recipe, inputs: Inputs, outputs: int, task: str = "") -> nn.Module:
    """Return the network without memory for its weights; raises UserError when it cannot take these inputs."""
    with torch.device("meta"):
        return build(recipe.architecture, inputs, outputs, task)


def flops(network: nn.Module, inputs: Inputs) -> int:
    """Return the floating-point operations of one sample's forward pass, by a network on the meta device.

    A small one gets memory and computes something: that is done before torch has imported what the meta device needs.
    """
    kind = torch.int64 if inputs.kind == "text" else torch.float32
    plain = inputs.kind in ("image", "table") and not any(isinstance(part, nn.RNNBase) for part in network.modules())
    if plain and sum(parameter.numel() for parameter in network.parameters()) < _SMALL_NETWORK:
        network = network.to_empty(device="cpu")
    device = next((parameter.device for parameter in network.parameters()), torch.device("meta"))
    sample = torch.zeros((1, *inputs.shape), dtype=kind, device=device)
    return sum(row.flops for row in outline(network, sample))


def _precision(device: torch.device, plain: bool, convolves: bool) -> str:
    """Return the precision that is known to be faster without a measurement.

    On a CPU that has bfloat16 it is that for convolutions alone: 1.2 to 1.8 times there with AVX-512, 4 to 6 times with
    tiles (AMX), and slower than float32 for small language models.
    """
    if plain or not short_numbers(device):
        return "float32"
    return "bfloat16" if device.type == "cuda" or convolves else "float32"


def _metric(name: str, task: Task, outputs: int) -> str:
    name = name.removeprefix("validation_")
    known = ("none", "loss", *metrics_for(task, outputs))
    if name not in known:
        raise no_such_metric(name, known)
    return name
