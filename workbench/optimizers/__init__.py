"""Optimizers: one per file, which registers its settings and builds it for a network's parameters."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from torch import nn
from torch.optim import Optimizer

from workbench.core.registry import Registry
from workbench.core.settings import Hint, Settings
from workbench.core.words import mark

NamedParameters = Iterable[tuple[str, nn.Parameter]]
Build = Callable[..., Optimizer]

LearningRate = Annotated[
    float,
    Field(
        gt=0, le=100, title="Learning rate", description="Size of one step. Too large diverges, too small takes long."
    ),
    Hint(log=True),
]
WeightDecay = Annotated[
    float,
    Field(
        ge=0,
        le=10,
        title="Weight decay",
        description="How strongly weights are pulled towards zero, against memorising.",
    ),
    Hint(log=True),
]

GradientMemory = Annotated[
    float,
    Field(ge=0, lt=1, title="Memory of gradients", description="Part of the mean of past gradients that a step keeps."),
    Hint(advanced=True),
]
SquareMemory = Annotated[
    float,
    Field(ge=0, lt=1, title="Memory of squares", description="Part of the mean of past squares that a step keeps."),
    Hint(advanced=True),
]
Momentum = Annotated[
    float,
    Field(ge=0, lt=1, title="Momentum", description="Part of the last step's direction that the next one keeps."),
]


class OptimizerSettings(Settings):
    """What every optimizer has; its own settings extend this and set its own learning rate."""

    learning_rate: LearningRate
    weight_decay: WeightDecay = 0.0
    decayed: Annotated[
        Literal["weights", "everything"],
        Field(title="Decayed", description="What weight decay acts on. Biases and normalizations usually do without."),
        Hint(advanced=True, choices={"weights": "Weights", "everything": "Everything"}),
    ] = "weights"


@dataclass(frozen=True)
class OptimizerKind:
    """One way to follow the gradient."""

    kind: str
    settings: type[OptimizerSettings]
    make: Build
    title: str
    summary: str

    def build(
        self, settings: OptimizerSettings, named_parameters: NamedParameters, *, fused: bool = False
    ) -> Optimizer:
        """Return the optimizer over the parameters that are trained.

        named_parameters: as `module.named_parameters()` gives them, in the order of the network. fused: one kernel for
        the whole step, where the optimizer has one for the parameters' device.
        """
        trained = [(name, parameter) for name, parameter in named_parameters if parameter.requires_grad]
        return self.make(settings, trained, fused=fused)


optimizers = Registry[OptimizerKind]("workbench.optimizers", mark("optimizer"))


def register(kind: str, *, settings: type[OptimizerSettings], title: str, summary: str) -> Callable[[Build], Build]:
    """Register what is decorated, called as (settings, named_parameters, *, fused: bool), as the optimizer `kind`."""

    def decorate(make: Build) -> Build:
        optimizers.add(kind, OptimizerKind(kind, settings, make, title, summary))
        return make

    return decorate


def build(settings: Any, named_parameters: NamedParameters, *, fused: bool = False) -> Optimizer:
    """Return the optimizer that `settings` (of any registered kind) describe."""
    entry = optimizers[settings.kind]
    return entry.build(settings, named_parameters, fused=fused)


def groups(settings: OptimizerSettings, named_parameters: NamedParameters) -> list[dict[str, Any]]:
    """Return parameter groups with and without weight decay.

    Biases and the scales of normalizations, which are the parameters of one dimension, are not decayed (He et al.
    2019, section 3.1), unless the settings say that everything is.
    """
    decayed: list[nn.Parameter] = []
    spared: list[nn.Parameter] = []
    for _, parameter in named_parameters:
        (decayed if parameter.ndim > 1 or settings.decayed == "everything" else spared).append(parameter)
    found = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    return [group for group in found if group["params"]]
