"""Reading models/<name>/: weights, architecture, preprocessing and labels, checked before they are believed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workbench.architectures import architectures
from workbench.core.compressed import format_of
from workbench.core.errors import UserError
from workbench.core.passphrases import content
from workbench.core.processors import cores
from workbench.core.registry import build_settings
from workbench.core.run_folder import RunFolder
from workbench.core.sealed import check_sealed
from workbench.core.signature import Inputs
from workbench.networks import number_formats
from workbench.networks.tensor_file import tensors_in
from workbench.networks.tensor_reading import read_tensors

WEIGHTS = "model.safetensors"
DESCRIPTION = "model.json"
# What is raised where model.json says something else than a model of this program would.
NO_DESCRIPTION = (LookupError, TypeError, ValueError, AttributeError, RuntimeError, ArithmeticError, MemoryError)


@dataclass(frozen=True)
class Model:
    """A trained network in evaluation mode, with what its folder says about it (model.json)."""

    folder: Path
    network: nn.Module
    inputs: Inputs
    labels: tuple[str, ...]
    task: str
    preprocessing: Mapping[str, Any]
    description: Mapping[str, Any]

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for one sample, or for each token of one."""
        return int(self.description["outputs"])

    @property
    def threads(self) -> int:
        """How many threads training computed with, but no more than there are cores; 0 where it is not on record."""
        threads = self.description.get("threads", 0)
        return min(threads, cores()) if isinstance(threads, int) else 0  # more would wait for one another

    @property
    def copies(self) -> str:
        """Which changed copies of a picture the answer is the mean over."""
        return str(self.description.get("test_time_augmentation", "none"))

    @property
    def number_format(self) -> str:
        """In which format its weights are kept: one of workbench.networks.number_formats, or float32."""
        return format_of(self.description)


def model_of(run: RunFolder) -> Path:
    """Return the folder of the model of `run` that gets used; raises UserError when there is none."""
    folder = run.best_model()
    if folder is None:
        raise UserError(
            "{name} has no model yet.",
            hint="A model is kept after the first epoch. Train this run, or choose another one.",
            name=run.name,
        )
    return folder


def read_description(folder: Path) -> dict[str, Any]:
    """Return what model.json says; raises UserError when it is missing or damaged."""
    try:
        description = json.loads(content(folder / DESCRIPTION))
    except (OSError, ValueError) as error:
        raise damaged(folder, DESCRIPTION, error) from error
    if not isinstance(description, dict):
        raise damaged(folder, DESCRIPTION, TypeError("no object"))
    missing = {"task", "inputs", "outputs", "labels", "architecture", "preprocessing"} - set(description)
    if missing:
        raise damaged(folder, DESCRIPTION, KeyError(", ".join(sorted(missing))))
    return description


def read_model(
    folder: Path, device: str = "cpu", *, channels_last: bool | None = None, as_float32: bool = False
) -> Model:
    """Return the model in `folder`, in evaluation mode on `device`; it computes in the format its weights are kept in.

    channels_last: whether images lie in memory like that; None means as in training. as_float32: have all weights in
    float32 and compute so, whatever the format. Raises UserError when a file is missing, damaged or differs from the
    manifest, or when the weights do not fit the architecture.
    """
    check_sealed(folder)
    description = read_description(folder)
    aliases = description.get("aliases", {})
    try:
        inputs = Inputs.from_plain(description["inputs"])
        labels = tuple(map(str, description["labels"]))
        _require_fitting(_built(description, inputs, "meta"), folder, aliases)
        network = _built(description, inputs, "cpu")
    except NO_DESCRIPTION as error:
        raise damaged(folder, DESCRIPTION, error) from error
    kept = read_tensors(folder / WEIGHTS)
    try:
        _load(network, number_formats.widened(kept), aliases)
    except RuntimeError as error:
        raise damaged(folder, WEIGHTS, error) from error
    if channels_last is None:
        channels_last = description.get("memory_layout") == "channels_last"
    network.to(device=torch.device(device)).eval().requires_grad_(False)
    if channels_last and inputs.kind == "image":
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if not as_float32:
        number_formats.compute_in(network, format_of(description), kept, torch.device(device))
    return Model(folder, network, inputs, labels, description["task"], description["preprocessing"], description)


def damaged(folder: Path, name: str, error: Exception) -> UserError:
    """Return the error for a file of a model's folder that cannot be used."""
    return UserError(
        "The model in {folder} cannot be used: {file} is missing, damaged or was changed.",
        hint="Choose another model, or train again.",
        details=f"{type(error).__name__}: {error}",
        folder=str(folder),
        file=name,
    )


def _built(description: Mapping[str, Any], inputs: Inputs, device: str) -> nn.Module:
    """Return the network that model.json describes, with weights of no meaning; on "meta" it takes no memory."""
    settings = build_settings(architectures, description["architecture"], "convnet", "architecture")
    entry = architectures[description["architecture"]["kind"]]
    with torch.random.fork_rng(devices=[]), torch.device(device):  # weights are drawn only to be replaced
        return entry.build(settings, inputs, int(description["outputs"]), str(description["task"]))


def _require_fitting(network: nn.Module, folder: Path, aliases: Mapping[str, str]) -> None:
    """Raise UserError unless the file of weights has what this network needs: before memory is taken for either."""
    declared = tensors_in(folder / WEIGHTS)
    for name, tensor in network.state_dict().items():
        there = declared.get(aliases.get(name, name))
        if there is None or there.shape != tuple(tensor.shape):
            wanted, found = "×".join(map(str, tensor.shape)), "×".join(map(str, there.shape)) if there else "–"
            raise damaged(folder, WEIGHTS, ValueError(f"{name}: {wanted} is needed, {found} is there"))


def _load(network: nn.Module, weights: dict[str, torch.Tensor], aliases: Mapping[str, str]) -> None:
    """Load all weights; a tied tensor is stored once and found under its other names through `aliases`."""
    tied = {name: weights[source] for name, source in aliases.items() if source in weights}
    network.load_state_dict({**weights, **tied}, strict=True)
