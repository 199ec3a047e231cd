"""What the network of a run began with, where it did not draw all of its weights itself, and what of it stays."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from workbench.architectures import build
from workbench.export.subject import Subject
from workbench.recipe import Recipe
from workbench.training import starting


@dataclass(frozen=True)
class Beginning:
    """weights: by name, each tied one once; none where a run draws its own. frozen: names of layers and of weights."""

    weights: dict[str, Tensor] = field(default_factory=dict)
    frozen_layers: tuple[str, ...] = ()
    frozen_weights: tuple[str, ...] = ()

    @classmethod
    def of(cls, subject: Subject, recipe: Recipe) -> "Beginning":
        """Return what the recipe says of it; raises UserError when the weights that it names are not there any more."""
        training = recipe.training
        if not training.start_from and training.freeze == "none":
            return cls()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(training.seed)
            network = build(recipe.architecture, subject.inputs, subject.model.outputs, subject.model.task)
        weights: dict[str, Tensor] = {}
        if training.start_from:
            starting.start(network, starting.source_of(training.start_from, subject.run.path.parent))
            tied = {id(tensor): name for name, tensor in reversed(network.state_dict(keep_vars=True).items())}
            state = network.state_dict()
            weights = {name: state[name].contiguous() for name in tied.values()}
        frozen = starting.freeze(network, training.freeze)
        still = tuple(name for name, weight in network.named_parameters() if not weight.requires_grad)
        return cls(weights, frozen, still)
