"""What is exported: a trained model, read from its run, with all that goes along."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from workbench.architectures import Architecture, architectures
from workbench.core.compressed import FULL
from workbench.core.passphrases import content
from workbench.core.registry import build_settings
from workbench.core.run_folder import RunFolder
from workbench.core.settings import Settings
from workbench.core.signature import Inputs
from workbench.data import preprocessing
from workbench.data.masked_preprocessing import MaskedPreprocessing
from workbench.data.masker import Masker
from workbench.export.source import Gathering
from workbench.export.whole import Whole
from workbench.inference.model_folder import WEIGHTS, Model, model_of, read_model
from workbench.networks.number_formats import widened
from workbench.networks.tensor_reading import read_tensors
from workbench.tasks import Task, tasks

# Methods that training and judging need, and a model that is used does not.
_NOT_IN_USE = frozenset(
    ("fitted", "fitted_to", "loss", "details", "kept", "totals", "goal_for", "count", "prepare", "answers",
     "predictions", "encoded", "stream", "outputs", "read", "raw")
)  # fmt: skip
_ON_TENSORS = frozenset(("tensor", "normalised"))  # of preprocessing: what is done on the device, with torch


@dataclass(frozen=True)
class Subject:
    """The best model of a run, on the CPU, and what its folder says of it."""

    run: RunFolder
    model: Model

    @classmethod
    def of_run(cls, run: RunFolder) -> "Subject":
        """Return the model of `run` that gets used; raises UserError when there is none, or it is damaged."""
        return cls(run, read_model(model_of(run), channels_last=False, as_float32=True))

    @cached_property
    def architecture(self) -> Architecture:
        """The family of the network."""
        return architectures[self.model.description["architecture"]["kind"]]

    @cached_property
    def settings(self) -> Settings:
        """The settings of the network."""
        return build_settings(architectures, self.model.description["architecture"], "convnet", "architecture")

    @cached_property
    def preprocessing(self) -> Any:
        """What was fitted on the training split."""
        return preprocessing.from_plain(self.model.preprocessing)

    @cached_property
    def task(self) -> Task:
        """What the network was trained for, bound to what was fixed before."""
        return tasks[self.model.task].bound(self.model.description.get("goal", {}))

    @cached_property
    def whole(self) -> Whole:
        """The network with what comes before and after it."""
        return Whole(self.model.network, self.preprocessing, self.task, self.model.copies).eval()

    @property
    def inputs(self) -> Inputs:
        """One sample as the network takes it."""
        return self.model.inputs

    @property
    def any_length(self) -> bool:
        """Whether texts may be of any length up to that of the model."""
        return self.inputs.kind == "text" and (self.task.streams or bool(getattr(self.settings, "trims_texts", False)))

    def plain_settings(self) -> dict[str, Any]:
        """Return every setting of the network by name, with what its settings class derives from them."""
        kind = type(self.settings)
        derived = [name for name, value in inspect.getmembers(kind) if isinstance(value, property)]
        own = [name for name in derived if not name.startswith(("model_", "_")) and name in vars(kind)]
        return {**self.settings.model_dump(), **{name: getattr(self.settings, name) for name in own}}

    def network_source(self) -> tuple[Gathering, Mapping[str, str]]:
        """Return the source of network, preprocessing and task, and what the file calls each of them and `Whole`.

        Raises LookupError for a network whose source needs the whole program.
        """
        gathering = Gathering(_NOT_IN_USE)
        network: Any = self.architecture.network
        names = {
            "network": gathering.add(network.__module__, network.__name__),
            "inputs": gathering.add(Inputs.__module__, Inputs.__name__),
            **self._names(gathering, preprocessing=self.preprocessing, task=self.task, whole=self.whole),
        }
        return gathering, names

    def preparing_source(self) -> tuple[Gathering, Mapping[str, str]]:
        """Return the source of what encodes a raw input, which needs no torch, and its name in the file."""
        gathering = Gathering(_NOT_IN_USE | _ON_TENSORS)
        return gathering, self._names(gathering, preprocessing=self.preprocessing)

    @staticmethod
    def _names(gathering: Gathering, **things: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, thing in things.items():
            if isinstance(thing, MaskedPreprocessing):
                found["masked"] = gathering.add(MaskedPreprocessing.__module__, MaskedPreprocessing.__name__)
                found["masker"] = gathering.add(Masker.__module__, Masker.__name__)
                thing = thing.inner
            found[name] = gathering.add(type(thing).__module__, type(thing).__name__)
        return found

    def weights(self) -> Path:
        """Return the file of the weights, in the format they are kept in."""
        return self.model.folder / WEIGHTS

    def write_weights(self, path: Path) -> None:
        """Write the weights in float32, under the names that the network has for them."""
        if self.model.number_format == FULL:
            path.write_bytes(content(self.weights()))
        else:
            save_file(widened(read_tensors(self.weights())), path)
