"""Architectures: one family per file, which registers its settings and its network."""

from collections.abc import Callable, Mapping, Sequence
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
    at its defaults. tiny: settings with which it trains within seconds, for tests. takes_task: whether it is built as
    (settings, inputs, outputs, task=name), since its last layers depend on that. picture: kinds of blocks for the small
    drawing on its card. default_for: the (input kind, task) pairs for which it is chosen first. widths: of a network
    whose layers follow each other, the settings that hold how many units each of them has, but for the last.
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
    tiny: Mapping[str, Any] = field(default_factory=dict)
    takes_task: bool = False
    picture: tuple[str, ...] = ("input", "linear")
    default_for: tuple[tuple[str, str], ...] = ()
    widths: tuple[str, ...] = ()

    def build(self, settings: Settings, inputs: Inputs, outputs: int, task: str = "") -> nn.Module:
        """Return the network with fresh weights; raises UserError when these settings cannot take these inputs."""
        if self.takes_task:
            return self.network(settings, inputs, outputs, task=task or self.tasks[0])
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


def build(settings: Any, inputs: Inputs, outputs: int, task: str = "") -> nn.Module:
    """Return the network that `settings` (of any registered kind) describe, with fresh weights, for a task.

    Raises UserError when they cannot take these inputs.
    """
    return architectures[settings.kind].build(settings, inputs, outputs, task)


def best_for(inputs_kind: str, posed: Sequence[str] = ("classification",)) -> str:
    """Return the kind to begin with for such inputs and the tasks they pose; raises UserError when nothing fits.

    posed: the natural one first; none when they are not known yet.
    """
    fitting = [kind for kind in architectures if why_not(kind, inputs_kind, posed) is None]
    if not fitting:
        task = Words(tasks[posed[0]].title) if posed and posed[0] in tasks else ", ".join(posed)
        raise UserError("No architecture takes {inputs} for {task}.", inputs=_words_for(inputs_kind), task=task)
    for task in posed or tuple(tasks):
        first = next((kind for kind in fitting if (inputs_kind, task) in architectures[kind].default_for), None)
        first = first or next((kind for kind in fitting if posed and task in architectures[kind].tasks), None)
        if first:
            return first
    return fitting[0]


def task_of(kind: str, posed: Sequence[str]) -> str:
    """Return the first of the tasks that data pose which this architecture can learn, or "" when it can learn none."""
    return next((task for task in posed if task in architectures[kind].tasks), "")


def why_not(kind: str, inputs: Inputs | str, posed: Sequence[str] = ("classification",)) -> Words | None:
    """Return why this architecture can learn none of the posed tasks from these inputs, or None when it can.

    posed: none when they are not known yet.
    """
    architecture = architectures[kind]
    given = inputs if isinstance(inputs, str) else inputs.kind
    if given and given not in architecture.inputs:
        values = {"needed": _words_for(architecture.inputs[0]), "given": _words_for(given)}
        return Words("Takes {needed}, and these are {given}.", values)
    if posed and not task_of(kind, posed):
        title = Words(tasks[posed[0]].title) if posed[0] in tasks else posed[0]
        return Words("Cannot be trained for this task: {task}.", {"task": title})
    return None


def _words_for(inputs_kind: str) -> Words:
    known = {
        "image": Words("images"),
        "text": Words("texts"),
        "table": Words("rows of a table"),
        "series": Words("series of numbers"),
    }
    return known.get(inputs_kind, Words(inputs_kind))
