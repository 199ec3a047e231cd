"""bench: how fast this machine trains, and which settings make it faster."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands import options
from workbench.commands.output import console, say, say_json
from workbench.core import paths
from workbench.core.events import Event
from workbench.core.words import tr

if TYPE_CHECKING:
    from workbench.training.tuning import Tried


def bench(
    recipe: Annotated[
        Path | None,
        typer.Argument(metavar="RECIPE.toml", help=tr("What to train; left out, the digits."), show_default=False),
    ] = None,
    assignments: options.Assignments = None,
    compiling: Annotated[
        bool, typer.Option("--compile/--no-compile", help=tr("Try torch.compile too, which takes longest."))
    ] = True,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Train a few steps with one setting after the other, and keep the fastest for later runs of this recipe."""
    from workbench.recipe import read_recipe, title_of
    from workbench.training.tuning import named, tune

    changes = [*(assignments or ()), *([f"training.device={device}"] if device else ())]
    chosen = read_recipe(recipe or paths.resources() / "recipes" / "digits.toml", changes)
    if not as_json:
        say(title_of(chosen))
    best: dict[str, Any] = {}
    tried = []
    for found in _shown(tune(chosen, _ignore, compiling=compiling), as_json=as_json):
        tried.append({**asdict(found), "wrong": found.wrong})
        best = dict(found.settings) if found.is_chosen else {} if found.confirms else best
    if as_json:
        say_json({"tried": tried, "kept": best})
    elif best:
        say(tr("Kept for later runs of this recipe where it leaves these open: {settings}", settings=tr(named(best))))
    else:
        say(tr("Nothing is faster than what is taken by itself."))


def _shown(tried: "Iterator[Tried]", *, as_json: bool) -> "Iterator[Tried]":
    """Pass on what was tried, each said as soon as it is known, with a sign of life before the first."""
    with console(error=True).status(tr("Measuring training steps")):
        for found in tried:
            if not as_json:
                say(_line(found))
            yield found


def _line(found: "Tried") -> str:
    from workbench.training.tuning import named  # what says it loads torch

    name = tr("once more, in turns") if found.confirms else tr(named(found.settings))
    if found.wrong:
        return f"{name:<44} {tr(found.wrong)}"
    rate = tr("{rate} samples a second", rate=f"{found.samples_per_second:,.0f}")
    times = tr(
        "{ratio} times over the whole run, {seconds} s to begin",
        ratio=f"{found.ratio:.2f}",
        seconds=f"{found.begin:.1f}",
    )
    return f"{name:<44} {rate:>28}   {times}"


def _ignore(event: Event) -> None:
    """Say nothing: how it goes is said by the lines."""
