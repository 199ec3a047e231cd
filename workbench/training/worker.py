"""Trains a run folder, whatever it needs: a first start, going on after a stop, or more epochs."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomli_w

from workbench.core.compressed import refuse_compressed
from workbench.core.errors import UserError
from workbench.core.events import Ending, EpochDone, Event, Failed, Started
from workbench.core.leftovers import sweep
from workbench.core.resumable import require_resumable
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import RunReader
from workbench.core.run_writer import RunWriter, recorded
from workbench.core.settings import hints
from workbench.hyperparameters import Training
from workbench.recipe import Recipe, read_recipe, recipe_from, to_plain
from workbench.training.accompanying import accompany, ended_before, softened
from workbench.training.budget import refuse_overspent
from workbench.training.devices import freed_memory_held
from workbench.training.distributed import ALONE, LOST, Group, Lost
from workbench.training.environment import environment
from workbench.training.event_files import event_files
from workbench.training.explaining import explained
from workbench.training.launching import processes_wanted, train_together
from workbench.training.loop import ignore, train
from workbench.training.mlflow_tracking import require_mlflow, tracked


def train_run(
    folder: RunFolder,
    assignments: Sequence[str] = (),
    on_event: Callable[[Event], None] = ignore,
    group: Group = ALONE,
) -> Ending:
    """Train the run until it ends, in the calling thread, and return how it ended; every event goes to `on_event`.

    assignments: settings to change, as `training.epochs=20`. A run that has a checkpoint goes on from it. group: the
    processes that train it together, each of which calls this; without them, several are started where the recipe wants
    that. Raises UserError when another process trains this run, when it is encrypted or was compressed, or when the
    settings cannot be changed.
    """
    require_resumable(folder)
    if not group.is_first:
        return accompany(folder, group)
    if group.size == 1 and (training := _of_several(folder, assignments)):
        return train_together(folder, assignments, training, on_event)
    over = group.first(lambda: ended_before(folder) if group.is_restarted else None)
    if over is not None:
        on_event(over)
        return over
    with RunWriter(folder) as writer, freed_memory_held():
        group.agreed(writer.attempt)
        writer.write_environment(environment())
        sweep(folder)

        def report(event: Event) -> None:
            writer.write(event)
            on_event(event)

        try:
            recipe, changed = group.first(lambda: _followed(folder, assignments))
        except UserError as error:
            failed = Failed(0, error.to_plain())
            report(failed)
            return failed
        try:
            happenings = train(recipe, folder, attempt=writer.attempt, changed=changed, report=report, group=group)
            happenings = tracked(softened(happenings, group), folder, recipe.training.tracking)
            with event_files(folder, recipe.training.event_files) as drawn:
                for event in recorded(happenings, writer):
                    drawn(event)
                    on_event(event)
                    if isinstance(event, Ending):
                        return event
            return Failed(0, Lost(LOST).to_plain())  # and yet not the end: all are started again
        except OSError as error:  # what happens cannot be written any more
            failed = Failed(0, explained(error).to_plain())
            with suppress(OSError):
                writer.write(failed)
            on_event(failed)
            return failed


def _followed(folder: RunFolder, assignments: Sequence[str]) -> tuple[Recipe, dict[str, Any]]:
    """Return what `recipe_of` does; raises UserError also where this machine lacks what the recipe wants."""
    recipe, changed = recipe_of(folder, assignments)
    require_mlflow(recipe.training.tracking)
    return recipe, changed


def _of_several(folder: RunFolder, assignments: Sequence[str]) -> Training | None:
    """Return the settings of a training that wants several processes, or None; what is wrong is said later."""
    with suppress(UserError):
        training = recipe_of(folder, assignments)[0].training
        return training if processes_wanted(training) > 1 else None
    return None


def recipe_of(folder: RunFolder, assignments: Sequence[str] = ()) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe that the run's next attempt follows, and the settings that differ from its recipe.toml.

    Raises UserError for a setting that would make the result something else than the same run gone further, for less
    training or privacy budget than it has had already, and when the data of a run that has begun are gone, or it was
    compressed.
    """
    refuse_compressed(folder)
    if not folder.recipe.is_file():
        return read_recipe(folder.asked, assignments), {}
    begun = read_recipe(folder.recipe)
    _need_data(folder, str(getattr(begun.data, "path", "")))
    original = to_plain(begun)
    changed: dict[str, Any] = {}
    happened = RunReader(folder, scalars=False).read().events
    for event in happened:
        if isinstance(event, Started):
            changed = dict(event.changed)  # all that differ from recipe.toml
    recipe = recipe_from(original, [f"{name}={_toml(value)}" for name, value in changed.items()])
    recipe = recipe_from(to_plain(recipe), assignments)
    differing = differences(original, to_plain(recipe))
    free = [name for name, hint in hints(recipe) if hint.adjustable]
    refused = [name for name in differing if name not in free]
    if refused:
        raise UserError(
            "{name} cannot change within a run: the result would be another run.",
            hint="Start a new run with these settings. A run can get other {free}.",
            name=refused[0],
            free=", ".join(free),
        )
    if assignments:
        _refuse_less(recipe.training, happened)
    return recipe, differing


def _refuse_less(training: Training, happened: Sequence[Event]) -> None:
    """Raise UserError when a run is to get fewer epochs or steps than it had, or a smaller budget than it spent."""
    epochs = steps = 0
    for event in happened:
        if isinstance(event, Started | EpochDone):  # an attempt may begin before the end of the one before it
            epochs, steps = event.epoch, event.step
        if isinstance(event, EpochDone) and training.privacy.on:
            refuse_overspent(event.metrics.get("epsilon", 0.0), training.privacy.epsilon)
    if training.epochs < epochs and not training.steps:
        raise UserError(
            "The run cannot end after epoch {wanted}: it has trained {done} epochs already.",
            hint="Ask for at least as many, or start a new run.",
            wanted=training.epochs,
            done=epochs,
        )
    if 0 < training.steps < steps:
        raise UserError(
            "The run cannot end after step {wanted}: it has taken {done} steps already.",
            hint="Ask for at least as many, or start a new run.",
            wanted=training.steps,
            done=steps,
        )


def changes_of(folder: RunFolder, recipe: Recipe) -> list[str]:
    """Return, as assignments, what `recipe` says otherwise than the one that the run was asked for with."""
    differing = differences(to_plain(read_recipe(folder.asked)), to_plain(recipe))
    return [f"{name}={_toml(value)}" for name, value in differing.items()]


def _need_data(folder: RunFolder, path: str) -> None:
    if path and not Path(path).expanduser().exists():
        raise UserError(
            "The data of {run} are no longer at {path}.",
            hint="Put them back there, then resume. What was learned is kept.",
            run=folder.name,
            path=path,
        )


def differences(first: Mapping[str, Any], second: Mapping[str, Any], section: str = "") -> dict[str, Any]:
    """Return the settings of `second` by full name that differ from those of `first`."""
    found: dict[str, Any] = {}
    for name, value in second.items():
        full = f"{section}.{name}" if section else name
        before = first.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            found.update(differences(before, value, full))
        elif value != before:
            found[full] = value
    return found


def _toml(value: Any) -> str:
    return tomli_w.dumps({"value": value}).removeprefix("value = ").strip()
