"""Weights to begin with, from a run, a file or a folder of transformers, and layers that stay as they are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.locked_run import require_plain
from workbench.core.run_folder import RunFolder, all_runs, is_run
from workbench.core.sealed import check_sealed
from workbench.core.settings import nearest
from workbench.core.signature import Inputs
from workbench.core.words import Words, mark
from workbench.data import preprocessing
from workbench.data.dataset import Split
from workbench.data.preprocessing import Preprocessing
from workbench.inference.model_folder import WEIGHTS, model_of, read_description
from workbench.networks import pretrained_folder
from workbench.networks.number_formats import widened
from workbench.networks.tensor_file import tensors_in
from workbench.networks.tensor_reading import read_tensors
from workbench.training import pickled_weights

_ABSENT, _UNKNOWN = Words("It is not among them."), Words("The network has no such layer.")
_PREPARING, _PREPARING_NUMBERS = 5000, 1 << 24  # images that a network is prepared with, and values in them
_FREEZE = "training.freeze"
_NAMED = 5  # tensors that did not match and are named one by one


@dataclass(frozen=True)
class Source:
    """Weights to begin with. description: model.json of a run's model, else empty."""

    name: str
    files: tuple[Path, ...]
    description: Mapping[str, Any]

    def preprocessing_for(self, kind: str, settings: Any) -> Preprocessing | None:
        """Return how the run read its texts, if this one reads texts with the same architecture; else None.

        A vocabulary of its own would give every learned embedding to another token.
        """
        plain, architecture = self.description.get("preprocessing", {}), self.description.get("architecture", {})
        if kind != "text" or architecture.get("kind") != settings.kind or not {"tokens", "tokenizer"} & plain.keys():
            return None
        length = getattr(settings, "length", "auto")
        return preprocessing.from_plain({**plain, "length": length} if isinstance(length, int) else plain)


@dataclass(frozen=True)
class Match:
    """What became of the tensors: names of those taken over; those that stayed fresh and those left over, and why."""

    source: str
    loaded: tuple[str, ...]
    fresh: tuple[tuple[str, Words], ...]
    left_over: tuple[tuple[str, Words], ...]

    @property
    def is_complete(self) -> bool:
        """Whether every tensor was taken over."""
        return not self.fresh and not self.left_over

    def words(self) -> list[Words]:
        """Return sentences that say so, the first few tensors that did not match by name."""
        counts = {
            "loaded": f"{len(self.loaded):,}",
            "all": f"{len(self.loaded) + len(self.fresh):,}",
            "source": self.source,
        }
        said = [Words("Began with {loaded} of {all} tensors of {source}.", counts)]
        for name, reason in self.fresh[:_NAMED]:
            said.append(Words("{tensor} begins fresh: {reason}", {"tensor": name, "reason": reason}))
        for name, reason in self.left_over[:_NAMED]:
            said.append(Words("{tensor} is not used: {reason}", {"tensor": name, "reason": reason}))
        more = max(len(self.fresh) - _NAMED, 0) + max(len(self.left_over) - _NAMED, 0)
        return [*said, Words("Not matched besides these: {count}.", {"count": f"{more:,}"})] if more else said


def source_of(wanted: str, runs: Path) -> Source:
    """Return where the weights lie that `wanted` means; raises UserError when nothing is there.

    wanted: a run (its folder, its name under `runs`, or what its runs are called, such as bert-reviews: then the newest
    with a model), a .safetensors, .pth or .pt file, or a folder of transformers.
    """
    path = Path(wanted).expanduser()
    if path.is_file() and path.suffix.lower() == ".safetensors":
        tensors_in(path)
        return Source(path.name, (path,), {})
    if path.is_file() and path.suffix.lower() in pickled_weights.ENDINGS:
        return Source(path.name, (pickled_weights.converted(path),), {})
    if path.is_file():
        raise UserError(
            "{name} is no file of weights that is read here.",
            hint="Weights come as .safetensors, .pth or .pt. Of ONNX, Keras and other formats nothing is opened.",
            name=path.name,
        )
    for place in (path, runs / wanted):
        if is_run(place):
            return _of_run(RunFolder(place))
    if (path / pretrained_folder.CONFIG).is_file():
        return Source(path.name, pretrained_folder.checked(path).files, {})
    called = [(run, run.best_model()) for run in all_runs(runs) if f"_{wanted}_" in run.name]
    made = [(model.stat().st_mtime_ns, run) for run, model in called if model is not None]
    if made:
        return _of_run(max(made, key=lambda pair: pair[0])[1])
    raise UserError(
        "There is nothing to start from at {place}.",
        hint="Give a run, a .safetensors or .pth file, or a folder of transformers in the setting Start from. "
        "To start from another recipe's result, train that one first.",
        place=wanted,
    )


def _of_run(run: RunFolder) -> Source:
    require_plain(run)
    folder = model_of(run)
    check_sealed(folder)
    return Source(run.name, (folder / WEIGHTS,), read_description(folder))


def start(network: nn.Module, source: Source) -> Match:
    """Give the network the weights of `source` that fit it by name and shape; raises UserError when none does.

    The head, where the number of outputs differs, and whatever else does not fit keep their fresh weights.
    """
    found: dict[str, Tensor] = {}
    for file in source.files:
        found.update(widened(read_tensors(file)))
    for alias, owner in source.description.get("aliases", {}).items():
        if owner in found:
            found[alias] = found[owner]
    renamed, adopted = getattr(network, "renamed", None), getattr(network, "adopted", None)
    if renamed is not None and not source.description:
        found = renamed(found)  # the names that others gave
    if adopted is not None:
        found = adopted(found)  # what can be brought to the shapes of this network
    wanted = network.state_dict()
    fitting = {name: tensor for name, tensor in found.items() if name in wanted and _fits(tensor, wanted[name])}
    if not fitting:
        raise UserError(
            "Nothing in {source} fits this network.",
            hint="Choose the architecture with which these weights were trained, or empty the setting Start from.",
            source=source.name,
            details=json.dumps({"there": sorted(found)[:50], "wanted": sorted(wanted)[:50]}),
        )
    network.load_state_dict(fitting, strict=False)
    fresh = [(name, _why_fresh(name, tensor, found)) for name, tensor in wanted.items() if name not in fitting]
    left = [(name, _UNKNOWN) for name in found if name not in wanted]
    return Match(source.name, tuple(fitting), tuple(fresh), tuple(left))


def prepare(network: Any, split: Split, preprocessing: Preprocessing) -> None:
    """Let a network that computes some of its weights from training images, and learns the others, do so.

    It has a method `prepare(images)`, which gets some as they would enter it, spread evenly over the split.
    """
    if not hasattr(network, "prepare"):
        return
    most = prepared_with(preprocessing.inputs)
    places = np.unique(np.linspace(0, len(split) - 1, most).astype(np.int64))
    network.prepare(preprocessing.tensor(torch.from_numpy(split.rows(places))))


def prepared_with(inputs: Inputs) -> int:
    """Return with how many training images at most a network is prepared."""
    return max(1, min(_PREPARING, _PREPARING_NUMBERS // int(np.prod(inputs.shape))))


def pretrained(network: Any) -> list[Words]:
    """Give a pretrained network the weights of its folder, and return sentences about what differs."""
    fresh, left_over = network.load_pretrained()
    said = [Words("{tensor} begins fresh: {reason}", {"tensor": name, "reason": _ABSENT}) for name in fresh[:_NAMED]]
    said += [
        Words("{tensor} is not used: {reason}", {"tensor": name, "reason": _UNKNOWN}) for name in left_over[:_NAMED]
    ]
    more = max(len(fresh) - _NAMED, 0) + max(len(left_over) - _NAMED, 0)
    return [*said, Words("Not matched besides these: {count}.", {"count": f"{more:,}"})] if more else said


def _fits(there: Tensor, here: Tensor) -> bool:
    """Return whether a tensor can take the place of another: one of whole numbers holds no weights."""
    return there.shape == here.shape and there.is_floating_point() == here.is_floating_point()


def _why_fresh(name: str, tensor: Tensor, found: Mapping[str, Tensor]) -> Words:
    if name not in found:
        return _ABSENT
    if found[name].shape == tensor.shape:
        kinds = [str(kind).removeprefix("torch.") for kind in (found[name].dtype, tensor.dtype)]
        return Words("Its numbers are {there} there and {here} here.", {"there": kinds[0], "here": kinds[1]})
    there, here = ("×".join(map(str, shape)) or "1" for shape in (found[name].shape, tensor.shape))
    return Words("It is {there} there and {here} here.", {"there": there, "here": here})


def freeze(network: nn.Module, layer: str) -> tuple[str, ...]:
    """Keep the weights of all layers up to the one of this name as they are, and return the names of those layers.

    They also stay in evaluation mode, so that batch norms keep their statistics. layer: a name of
    `network.named_modules()`, or none. Raises UserError when there is no such layer, or nothing is left to train.
    """
    if layer == "none":
        return ()
    names = [name for name, _ in network.named_modules() if name]
    if layer not in names:
        near = nearest(layer, names)
        raise UserError(
            "The network has no layer called {layer}.",
            hint=mark("Did you mean {near}?") if near else mark("There are: {layers}."),
            layer=layer,
            near=near,
            layers=", ".join(names[:40]) + (" …" if len(names) > 40 else ""),
            place=_FREEZE,
        )
    place = names.index(layer)
    inside = [name for name in names if name == layer or name.startswith(f"{layer}.")]
    around = ["", *(name for name in names if layer.startswith(f"{name}."))]
    before = [name for name in names[: place + 1] if name not in around]
    frozen = tuple(dict.fromkeys((*before, *inside)))
    for name in (*around, *frozen):  # what lies around the layer is its own too, such as the positions of patches
        for parameter in network.get_submodule(name).parameters(recurse=False):
            parameter.requires_grad_(False)
    for name, parameter in network.named_parameters():
        if any(name.startswith(f"{part}.") for part in frozen):
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise UserError(
            "Every layer up to {layer} is all there is: nothing is left to train.", layer=layer, place=_FREEZE
        )
    _keep_in_use(network, frozen)
    return frozen


def _keep_in_use(network: nn.Module, frozen: tuple[str, ...]) -> None:
    """Let the frozen layers stay in evaluation mode whenever the network is set to training."""
    for name in frozen:
        part = network.get_submodule(name)
        part.train(False)
        vars(part)["train"] = _always_in_use(part)


def _always_in_use(part: nn.Module) -> Any:
    def train(mode: bool = True) -> nn.Module:
        for inner in part.modules():
            vars(inner)["training"] = False
        return part

    return train


def preprocessing_of(plain: Mapping[str, Any] | None) -> Preprocessing | None:
    """Return the preprocessing that a checkpoint keeps because it came from another run, or None."""
    return preprocessing.from_plain(plain) if plain else None
