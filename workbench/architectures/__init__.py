"""Architectures: one family per file, which registers its settings and its network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torch import nn

from workbench.core.errors import UserError
from workbench.core.registry import Registry
from workbench.core.settings import Settings
from workbench.core.signature import Inputs
from workbench.core.words import Words, mark
from workbench.tasks import tasks

Build = TypeVar("Build", bound=Callable[..., nn.Module])


@dataclass(frozen=True)
class Architecture:
    """One family of networks.

    inputs, tasks: what it takes and what it can be trained for. presets: named values of its settings; the rest stays
    at its defaults. picture: kinds of blocks for the small drawing on its card. default_for: the (input kind, task)
    pairs for which it is chosen first.
    """

    kind: str
    settings: type[Settings]
    network: Callable[..., nn.Module]
    title: str
    summary: str
    inputs: tuple[str, ...]
    tasks: tuple[str, ...] = ("classification",)
    paper: str = ""
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    picture: tuple[str, ...] = ("input", "linear")
    default_for: tuple[tuple[str, str], ...] = ()

    def build(self, settings: Settings, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the network with fresh weights; raises UserError when these settings cannot take these inputs."""
        return self.network(settings, inputs, outputs)


architectures = Registry[Architecture]("workbench.architectures", mark("architecture"))


def register(
    kind: str, *, settings: type[Settings], title: str, summary: str, inputs: tuple[str, ...], **more: Any
) -> Callable[[Build], Build]:
    """Register what is decorated, a module or a function called as (settings, inputs: Inputs, outputs: int), as `kind`.

    more: any other field of Architecture.
    """

    def decorate(network: Build) -> Build:
        architectures.add(kind, Architecture(kind, settings, network, title, summary, inputs, **more))
        return network

    return decorate


def build(settings: Any, inputs: Inputs, outputs: int) -> nn.Module:
    """Return the network that `settings` (of any registered kind) describe, with fresh weights.

    Raises UserError when they cannot take these inputs.
    """
    return architectures[settings.kind].build(settings, inputs, outputs)


def best_for(inputs_kind: str, task: str = "classification") -> str:
    """Return the kind to begin with for such inputs and such a task; raises UserError when nothing fits."""
    fitting = [kind for kind in architectures if why_not(kind, inputs_kind, task) is None]
    if not fitting:
        raise UserError("No architecture takes {inputs} for {task}.", inputs=_words_for(inputs_kind), task=task)
    return next((kind for kind in fitting if (inputs_kind, task) in architectures[kind].default_for), fitting[0])


def why_not(kind: str, inputs: Inputs | str, task: str = "classification") -> Words | None:
    """Return why this architecture cannot learn this task from these inputs, or None when it can."""
    architecture = architectures[kind]
    given = inputs if isinstance(inputs, str) else inputs.kind
    if given not in architecture.inputs:
        values = {"needed": _words_for(architecture.inputs[0]), "given": _words_for(given)}
        return Words("Takes {needed}, and these are {given}.", values)
    if task not in architecture.tasks:
        title = Words(tasks[task].title) if task in tasks else task
        return Words("Cannot be trained for this task: {task}.", {"task": title})
    return None


def _words_for(inputs_kind: str) -> Words:
    return {"image": Words("images"), "text": Words("texts")}.get(inputs_kind, Words(inputs_kind))
