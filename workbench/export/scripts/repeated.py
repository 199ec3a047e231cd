"""What a training script repeats: the recipe, the steps and the losses of a run, and why some runs have no script."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workbench.core.events import Started
from workbench.core.locked_run import read_like
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import LIVE, whole_history
from workbench.core.settings import hint_of
from workbench.core.words import Words
from workbench.data.augmentation import Augmentation
from workbench.recipe import Recipe
from workbench.training.worker import recipe_of


@dataclass(frozen=True)
class Repeated:
    """A run as it went.

    losses: of every step, float32. plans: (step, all steps) from that step on: the schedule depends on how long the run
    is to be, and a run that is extended gets longer. steps_per_epoch: as a whole epoch has them. samples: to train on.
    """

    recipe: Recipe
    losses: np.ndarray
    plans: tuple[tuple[int, int], ...]
    steps_per_epoch: int
    samples: int

    @classmethod
    def of(cls, run: RunFolder) -> "Repeated":
        """Return what the run's folder says of its course; `why_not` returned None for it."""
        recipe, _ = recipe_of(run)
        history, _ = whole_history(run)
        begun = [event for event in history.events if isinstance(event, Started)]
        _, losses = history.scalars["training_loss"]
        plans: list[tuple[int, int]] = []
        for event in begun:
            plans = [plan for plan in plans if plan[0] < event.step]
            if not plans or plans[-1][1] != event.total_steps:
                plans.append((event.step, event.total_steps))
        return cls(recipe, np.asarray(losses, np.float32), tuple(plans), begun[-1].steps_per_epoch, begun[-1].samples)

    @property
    def steps(self) -> int:
        """How many steps the run took."""
        return len(self.losses)


def why_not(run: RunFolder) -> Words | None:
    """Return why no script can repeat this run, or None."""
    history, state = whole_history(run)
    begun = [event for event in history.events if isinstance(event, Started)]
    steps, _ = history.scalars.get("training_loss", (np.zeros(0), None))
    if not begun or not len(steps):
        return Words("Nothing of its training is on record.")
    if state in LIVE:
        return Words("It is still being trained.")
    if begun[0].step or steps[0] != 1:
        return Words("It went on from a checkpoint of another run, and a script begins with the first step.")
    if len({event.samples for event in begun}) > 1:
        return Words("Its data changed between its attempts.")
    if any(event.step // event.steps_per_epoch != event.epoch for event in begun if event.step % event.steps_per_epoch):
        return Words("It was extended in the middle of an epoch.")
    if _pieces(run) > 1:
        return Words("Its batches were computed in pieces, because the memory was short.")
    recipe, _ = recipe_of(run)
    return next(_beyond(recipe), None)


def _beyond(recipe: Recipe) -> Iterator[Words]:
    """Yield words for each setting that a script knows nothing of and that is not as it is from the beginning."""
    augmentation = getattr(recipe.data, "augmentation", None)
    for settings in (recipe.training, *([augmentation] if isinstance(augmentation, Augmentation) else ())):
        usual = type(settings)()
        for name, declared in type(settings).model_fields.items():
            if not hint_of(declared).scripted and getattr(settings, name) != getattr(usual, name):
                yield _unknown(declared.title or name)


def _unknown(title: str) -> Words:
    return Words("It was trained with this setting, which no script repeats: {title}.", {"title": Words(title)})


def _pieces(run: RunFolder) -> int:
    """Return in how many pieces each batch was computed at the end."""
    newest = next(iter(run.newest_checkpoints()), None)
    extra = read_like(newest / "state.json", {}).get("extra", {}) if newest else {}
    return int(extra.get("pieces", 1))
