"""Start: which weights of another model a network would take over, and up to which layers it can be frozen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workbench.architectures import architectures, best_for, build
from workbench.core import paths
from workbench.core.registry import build_settings
from workbench.core.settings import Settings
from workbench.core.signature import Inputs
from workbench.core.words import to_plain
from workbench.engine import model
from workbench.tasks import tasks as all_tasks
from workbench.training import starting

_CLASSIFICATION = ("classification",)


def match(
    architecture: Mapping[str, Any],
    inputs: Mapping[str, Any],
    outputs: int,
    tasks: Sequence[str] = _CLASSIFICATION,
    start_from: str = "",
    runs: str = "",
) -> dict[str, Any]:
    """Return which tensors a network would take over from a run, a file or a folder, by trying it.

    start_from, runs: as the setting training.start_from has it, and the folder of runs where its names are looked up;
    the other arguments are those of model.layers. loaded of all the network's tensors fit. Each row has tensor, state
    ("loaded", "fresh" or "left over") and reason (words; None where it was loaded).
    Raises UserError when there is nothing to start from, or nothing fits.
    """
    source = starting.source_of(start_from, Path(runs) if runs else paths.runs())
    settings, task, known = _asked(architecture, inputs, outputs, tasks)
    borrowed = source.preprocessing_for(known.kind, settings)
    known = borrowed.inputs if borrowed else known
    with torch.random.fork_rng(devices=()):  # fresh weights are drawn, and nobody else's dice may feel it
        network = build(settings, known, all_tasks[task].outputs(outputs, known), task)
    found = starting.start(network, source)
    rows: list[dict[str, Any]] = [{"tensor": name, "state": "loaded", "reason": None} for name in found.loaded]
    for state, tensors in (("fresh", found.fresh), ("left over", found.left_over)):
        rows += [{"tensor": name, "state": state, "reason": to_plain(reason)} for name, reason in tensors]
    return {
        "name": found.source,
        "loaded": len(found.loaded),
        "all": len(found.loaded) + len(found.fresh),
        "rows": rows,
    }


def require_layer(network: Mapping[str, Any], layer: str) -> None:
    """Raise UserError when a network cannot be frozen up to this layer; network: the arguments of model.layers."""
    posed = network.get("tasks", _CLASSIFICATION)
    settings, task, known = _asked(network["architecture"], network["inputs"], network["outputs"], posed)
    with torch.device("meta"):
        starting.freeze(build(settings, known, all_tasks[task].outputs(network["outputs"], known), task), layer)


def layers(
    architecture: Mapping[str, Any], inputs: Mapping[str, Any], outputs: int, tasks: Sequence[str] = _CLASSIFICATION
) -> list[str]:
    """Return the names of the layers up to which the network can be frozen, in the order in which it has them.

    They own weights, and freezing up to them leaves something to train. Arguments and errors are those of model.layers.
    """
    settings, task, known = _asked(architecture, inputs, outputs, tasks)
    with torch.device("meta"):
        network = build(settings, known, all_tasks[task].outputs(outputs, known), task)
    owners = {name: own for name, module in network.named_modules() if (own := _own(module))}
    trainable = {id(parameter) for parameter in network.parameters() if parameter.requires_grad}
    found, before = [], set[int]()
    for name, own in owners.items():
        before |= own
        inside = (theirs for other, theirs in owners.items() if other.startswith(f"{name}."))
        if name and trainable - before.union(*inside):
            found.append(name)
    return found


def _own(module: nn.Module) -> set[int]:
    """Return what tells the parameters apart that belong to this module itself; shared ones count as the same."""
    return {id(parameter) for parameter in module.parameters(recurse=False)}


def _asked(
    architecture: Mapping[str, Any], inputs: Mapping[str, Any], outputs: int, tasks: Sequence[str]
) -> tuple[Settings, str, Inputs]:
    """Return the settings, the task that the network would learn, and inputs with a shape and a vocabulary."""
    found = model.layers(architecture, inputs, outputs, tasks)
    settings = build_settings(architectures, architecture, best_for(str(inputs["kind"]), tasks), "architecture")
    return settings, found["task"], Inputs.from_plain(found["inputs"])
