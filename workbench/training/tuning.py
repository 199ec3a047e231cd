"""Tries the settings that change how fast a recipe trains but not what it learns, and keeps those that help."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import chain, islice
from statistics import median
from typing import Any

import torch

from workbench.core.errors import UserError
from workbench.core.events import Event, Preparing
from workbench.core.processors import cores
from workbench.core.words import Words, mark
from workbench.networks.number_formats import short_numbers
from workbench.recipe import Recipe, recipe_from, to_plain
from workbench.training import choices
from workbench.training.checkpoint import Position
from workbench.training.devices import freed_memory_held
from workbench.training.explaining import explained
from workbench.training.setup import set_up
from workbench.training.stepping import take_step
from workbench.training.sums import Sums
from workbench.training.trainee import Trainee

_SECONDS = 0.6  # of steps that are timed, in each round
_ROUNDS = 3
_MOST_STEPS = 400  # of a round
_NAMES = {
    "threads": mark("threads {value}"),
    "precision": mark("precision {value}"),
    "memory_layout": mark("memory layout {value}"),
    "cuda_graphs": mark("CUDA graphs {value}"),
    "compile": mark("compiled"),
}
_WORTH = 1.04  # times as fast: less is noise


@dataclass(frozen=True)
class Tried:
    """What one set of settings came to.

    settings: those that differ from what the recipe means by itself; none for that. seconds_per_step: 0 where it could
    not be tried, and `wrong` says why. begin: seconds until the second step, compiling included. ratio: how many times
    as fast as the recipe by itself, over the whole run. is_chosen: whether it is the fastest so far. confirms: whether
    it was measured again, in turns with the recipe by itself, and is kept if it is still chosen.
    """

    settings: Mapping[str, Any]
    seconds_per_step: float
    samples_per_second: float
    begin: float
    ratio: float
    is_chosen: bool
    wrong: Words | None = None
    confirms: bool = False


def named(settings: Mapping[str, Any]) -> Words:
    """Return these settings in words, or that there are none."""
    found = [Words(_NAMES[name], {"value": str(value)}) for name, value in settings.items()]
    return reduce(lambda one, two: Words("{one}, {two}", {"one": one, "two": two}), found or [Words("as it is")])


def tune(recipe: Recipe, report: Callable[[Event], None], *, compiling: bool = True) -> Iterator[Tried]:
    """Yield what each set of settings comes to, the recipe's own first, and keep the fastest for later runs.

    One setting after the other is tried on top of what helped before. compiling: try torch.compile too, which takes
    longest. Raises UserError when the recipe cannot be trained.
    """
    if recipe.training.privacy.on:
        raise UserError("There is only one way to compute the steps of private training.", hint="Train as it is.")
    with freed_memory_held():  # as in a training
        yield from _tried(recipe, report, compiling)


def _tried(recipe: Recipe, report: Callable[[Event], None], compiling: bool) -> Iterator[Tried]:
    plain = to_plain(recipe)
    for name in choices.NAMES:
        plain["training"][name] = "auto"
    plain["training"]["speed"] = "fast"
    asked = recipe_from(plain)
    first = set_up(asked, report, chosen={})
    decided = to_plain(first.recipe)["training"]
    steps = _steps_of(first)
    report(Preparing(Words("Measuring training steps")))
    base = _measured(first)
    found = Tried({}, base[0], _rate(first, base[0]), base[1], 1.0, True)
    yield found
    before, best, fastest = base[1] + steps * base[0], 1.0, first
    chosen: dict[str, Any] = {}
    for name, value in _alternatives(first, compiling):
        if value == {**decided, **chosen}[name]:
            continue
        settings = {**chosen, name: value}
        report(Preparing(Words("Measuring training steps")))
        try:
            trainee = set_up(asked, lambda event: None, chosen=settings)
            each, begin = _measured(trainee)
        except Exception as error:  # noqa: BLE001 - compilers and short numbers fail in ways of their own, and others are left to try
            yield Tried(settings, 0.0, 0.0, 0.0, 0.0, False, _reason(error))
            continue
        ratio = before / (begin + steps * each)
        if ratio > best * _WORTH:
            chosen, best, fastest = settings, ratio, trainee
        yield Tried(settings, each, _rate(trainee, each), begin, ratio, chosen is settings)
    if chosen:
        confirmed = _in_turns(first, fastest, steps, chosen)
        yield confirmed
        chosen = chosen if confirmed.is_chosen else {}
    choices.keep(first.recipe, first.preprocessing.inputs, first.device, chosen)


def _in_turns(first: Trainee, fastest: Trainee, steps: int, chosen: Mapping[str, Any]) -> Tried:
    """Return the fastest settings measured again, in turns with the recipe's own: a machine is not always as busy."""
    pairs = [(_measured(first), _measured(fastest)) for _ in range(_ROUNDS)]
    before, after = (median(begin + steps * each for each, begin in side) for side in zip(*pairs, strict=True))
    each, begin = median(each for _, (each, _) in pairs), median(begin for _, (_, begin) in pairs)
    ratio = before / after
    return Tried(chosen, each, _rate(fastest, each), begin, ratio, ratio > _WORTH, confirms=True)


def _alternatives(trainee: Trainee, compiling: bool) -> Iterator[tuple[str, Any]]:
    """Yield the settings that may help on this device, the most telling first."""
    if trainee.device.type == "cpu":
        yield from (("threads", number) for number in sorted({1, max(cores() // 2, 1), cores()}))
    if short_numbers(trainee.device):
        yield from (("precision", "bfloat16"), ("precision", "float32"))
    if trainee.preprocessing.inputs.kind == "image":
        yield from (("memory_layout", "channels_last"), ("memory_layout", "contiguous"))
    if trainee.graphs:
        yield "cuda_graphs", "off"
    if compiling:
        yield "compile", "on"


def _steps_of(trainee: Trainee) -> int:
    """Return how many steps a run of this recipe has."""
    training = trainee.recipe.training
    batches = -(-len(trainee.training) // trainee.batch_size())
    return training.steps or training.epochs * -(-batches // training.accumulation)


def _rate(trainee: Trainee, seconds: float) -> float:
    return trainee.batch_size() * trainee.recipe.training.accumulation / seconds


def _measured(trainee: Trainee) -> tuple[float, float]:
    """Return the seconds of a step, the fastest round's, and those until the second step was done."""
    assert isinstance(trainee.recipe.training.threads, int)
    torch.set_num_threads(trainee.recipe.training.threads)
    trainee.network.train()
    sums = Sums(trainee.task, Position(), trainee.device)
    seed, accumulation = trainee.recipe.training.seed, trainee.recipe.training.accumulation
    epochs = (trainee.training.order(seed, epoch) for epoch in range(10_000))
    batches = chain.from_iterable(trainee.batches(order, trainee.batch_size()) for order in epochs)
    done = 0

    def step() -> None:
        nonlocal done
        parts = list(islice(batches, accumulation))
        take_step(trainee, parts, done, done + 2, sums)
        done += 1

    def waited(count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            step()
        sums.means()  # waits for the device
        return time.perf_counter() - began

    begin = waited(2)
    guess = max(waited(2) / 2, 1e-6)
    count = max(2, min(_MOST_STEPS, int(_SECONDS / guess)))
    return min(waited(count) for _ in range(_ROUNDS)) / count, begin


def _reason(error: Exception) -> Words:
    return Words("could not be tried: {reason}", {"reason": explained(error).message})
