"""The training loop: a generator of events, to be read from top to bottom."""

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import islice
from typing import Any

from torch import Tensor

from workbench.core.events import Answered, EpochDone, Event, Failed, Finished, Started, Stopped, Warned
from workbench.core.files import read_json, write_atomically
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words
from workbench.inference.evaluation import keep
from workbench.inference.feeding import Feed
from workbench.inference.model_folder import model_of, read_model
from workbench.inference.run_data import require_classes
from workbench.recipe import Recipe, to_toml
from workbench.training.checkpoint import Loaded, Position, load_checkpoint, newest_sound
from workbench.training.control import Control, StopWished
from workbench.training.course import Course
from workbench.training.distributed import ALONE, Group
from workbench.training.diverging import Diverged
from workbench.training.environment import differences_to, this_process
from workbench.training.explaining import explained
from workbench.training.keeping import Keeper, why_to_stop
from workbench.training.ledger import Ledger
from workbench.training.setup import set_up
from workbench.training.stepping import step_in_memory
from workbench.training.sums import Sums
from workbench.training.trainee import Trainee
from workbench.training.validation import fed, judged, judged_in_full

Batch = tuple[Tensor, Tensor]


def ignore(event: Event) -> None:
    """Do nothing with an event."""


def train(
    recipe: Recipe,
    folder: RunFolder,
    *,
    attempt: int = 1,
    changed: Mapping[str, Any] | None = None,
    report: Callable[[Event], None] = ignore,
    group: Group = ALONE,
) -> Iterator[Event]:
    """Train as the recipe says and yield what happens; the last event is the one Finished, Stopped or Failed.

    Goes on from the newest checkpoint in `folder`, if there is one, and heeds the wishes to this attempt between steps
    and while it judges. changed: settings that differ from those the checkpoint was made with. report: is told what
    happens while the data are opened, before this generator can yield. group: the processes that train together, each
    of which calls this; the first one writes into `folder`.
    """
    position = Position()
    try:
        yield from _trained(recipe, folder, attempt, changed or {}, report, position, group)
    except StopWished as wish:
        yield Answered(wish.number, "stopping")
        yield Stopped(position.step, position.epoch, position.seconds, position.best_metrics or position.found)
    except Exception as error:  # noqa: BLE001 - the one broad except of the program: whatever it was, the run ends and says why
        said = explained(error).to_plain()
        yield Failed(position.step, said, position.seconds, diverged=isinstance(error, Diverged))


def _trained(
    recipe: Recipe,
    folder: RunFolder,
    attempt: int,
    changed: Mapping[str, Any],
    report: Callable[[Event], None],
    position: Position,
    group: Group,
) -> Iterator[Event]:
    loaded, complaints = _newest(folder, group)
    if loaded:
        vars(position).update(vars(loaded.position))
    heeding = _heeding(report, Control(folder, attempt)) if group.is_first else report
    trainee = set_up(recipe, heeding, runs=folder.path.parent, loaded=loaded, group=group)
    if group.is_first and not folder.recipe.exists():
        write_atomically(folder.recipe, to_toml(trainee.recipe))
    if loaded:
        complaints += _changed_data(trainee, loaded, folder)
        complaints += differences_to(loaded.made_with, read_json(folder.environment, {}), trainee.device)
        trainee.restore(loaded)
    epochs, steps_per_epoch, total_steps = plan(trainee, position)
    yield Started(
        attempt=attempt,
        step=position.step,
        epoch=position.epoch,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        total_steps=max(total_steps, position.step),
        samples=len(trainee.training),
        parameters=sum(parameter.numel() for parameter in trainee.network.parameters()),
        device=str(trainee.device) if group.size == 1 else f"{trainee.device.type} × {group.size}",
        parent=loaded.path.name if loaded else "",
        changed=dict(changed),
        privacy=trainee.private.allowed() if trainee.private else {},
        **this_process(),
    )
    for complaint in complaints:
        yield Warned(complaint, position.step)

    course = Course(
        Keeper(trainee, folder, attempt, position),
        Control(folder, attempt),
        Ledger(trainee.device, group),
        Sums(trainee.task, position, trainee.device, group),
    )
    try:
        yield from _epochs(trainee, course, epochs, total_steps, _why_it_has_ended(trainee.recipe, loaded, position))
    except Exception:
        yield from course.rescued()
        raise


def _newest(folder: RunFolder, group: Group) -> tuple[Loaded | None, list[Words]]:
    """Return what `newest_sound` finds in the first process."""
    loaded, complaints = newest_sound(folder) if group.is_first else (None, [])
    name, complaints = group.agreed((loaded.path.name if loaded else "", complaints))
    if name and not group.is_first:
        loaded = load_checkpoint(folder.checkpoints / name)
    return loaded, complaints


def plan(trainee: Trainee, position: Position) -> tuple[int, int, int]:
    """Return how many epochs there will be, the steps of one, and all steps, those already done included.

    A private training ends before its epochs do when its budget is spent; raises UserError when there is none.
    """
    training = trainee.recipe.training
    steps_per_epoch = trainee.steps_per_epoch()
    done = math.ceil(position.batches / training.accumulation)  # the last step of an epoch may have fewer batches
    if training.steps:
        ahead = max(training.steps - position.step, 0)
        epochs, total_steps = position.epoch + math.ceil((ahead + done) / steps_per_epoch), training.steps
    else:
        epochs = training.epochs
        total_steps = position.step + (epochs - position.epoch) * steps_per_epoch - done
    if trainee.private:
        total_steps = trainee.private.limited(position.step, total_steps)
    return epochs, steps_per_epoch, total_steps


def _epochs(trainee: Trainee, course: Course, epochs: int, total_steps: int, reason: Words) -> Iterator[Event]:
    """Train epoch after epoch until all are done, or there is a reason to end."""
    training = trainee.recipe.training
    position, keeper, ledger, sums, clock = course.position, course.keeper, course.ledger, course.sums, course.clock
    validation = fed(trainee, trainee.dataset.validation)
    trainee.network.train()

    while position.epoch < epochs and (position.step < total_steps or position.batches) and not reason.template:
        epoch_began = clock.seconds()
        batches = trainee.epoch(position.epoch, position.batches)
        while position.step < total_steps and (parts := list(islice(batches, training.accumulation))):
            loss, norm, rate = yield from step_in_memory(trainee, parts, position.step, total_steps, sums)
            position.step += 1
            position.batches += len(parts)
            if not ledger.add(position.step, loss, rate, sum(len(inputs) for inputs, _ in parts), norm):
                continue
            # Due, a few times a second: what was kept on the device is written, and the window's wishes are heard.
            if (yield from course.after_steps()):
                yield _stopped(course)
                return

        yield from course.reported()
        is_last = position.epoch + 1 >= epochs or position.step >= total_steps
        found = yield from _validated(trainee, validation, course, is_last)
        if found is None:
            yield _stopped(course)
            return
        position.epoch, position.batches = position.epoch + 1, 0
        position.found = found = {**sums.means(), **found, **(trainee.private.now() if trainee.private else {})}
        sums.clear()
        position.sums, position.samples = {}, 0
        yield course.at_epoch_end(found)
        best = keeper.is_best(found)
        yield EpochDone(position.epoch, position.step, found, clock.seconds() - epoch_began, best)
        if trainee.reaction and "validation_loss" in found:
            trainee.reaction.observe(found["validation_loss"])
        position.seconds = clock.seconds()
        if best:
            yield from keeper.keep_best(found)
        ledger.rest()
        if trainee.is_in_form:
            reason = why_to_stop(training, position, found) or reason

    position.seconds = clock.seconds()
    yield from keeper.checkpoint()
    yield from keeper.something_to_use()
    final: dict[str, float] | None = {}
    if trainee.group.is_first:
        course.leave_the_others()
        final = yield from _final_metrics(trainee, course)
    trainee.group.wait()
    if final is None:
        yield _stopped(course)
    else:
        found = {**position.found, **final}
        if trainee.private:
            found |= trainee.private.metrics()
            reason = reason if reason.template else trainee.private.why_early()
        yield Finished(position.step, position.epoch, clock.seconds(), found, reason)


def _validated(
    trainee: Trainee, validation: Feed, course: Course, is_last: bool
) -> Generator[Event, None, dict[str, float] | None]:
    """Judge the network at the end of an epoch, as `judged` does; of the last epoch everything is kept for the end."""
    if not is_last or not len(validation):
        return (yield from judged(trainee, validation, "validation", course.while_judging))
    facts = yield from judged_in_full(trainee, trainee.judged, validation, course.while_judging)
    if facts is None:
        return None
    course.validated = course.position.step, facts
    return {f"validation_{name}": value for name, value in facts["metrics"].items()}


def _heeding(report: Callable[[Event], None], control: Control) -> Callable[[Event], None]:
    """Return `report`, raising StopWished once the window wishes the end."""

    def told(event: Event) -> None:
        report(event)
        wish = control.new_wish()
        if wish and wish.wanted == "stop":
            raise StopWished(wish.number)

    return told


def _changed_data(trainee: Trainee, loaded: Loaded, folder: RunFolder) -> list[Words]:
    """Return what is to be said of the data of a run that is resumed; raises UserError when they are other ones."""
    require_classes(folder, trainee.dataset.classes, loaded.extra.get("labels", trainee.dataset.classes))
    now, before = len(trainee.training), loaded.extra.get("samples", len(trainee.training))
    if now == before:
        return []
    values = {"now": f"{now:,}", "before": f"{before:,}"}
    return [
        Words(
            "There are now {now} samples to train on, and were {before}: the run goes on, but not as it would have.",
            values,
        )
    ]


def _why_it_has_ended(recipe: Recipe, loaded: Loaded | None, position: Position) -> Words:
    """Return why the run that is resumed had come to its end before its last epoch, or empty words.

    Who changes when it shall end wants it to go on: then patience begins anew.
    """
    if loaded is None or position.batches or loaded.extra.get("pruned", 0.0) < recipe.training.pruning.share:
        return Words("")
    names = ("epochs", "steps", "patience", "target_metric", "target_value")
    if any(loaded.recipe["training"][name] != getattr(recipe.training, name) for name in names):
        position.since_better = 0
        return Words("")
    return why_to_stop(recipe.training, position, position.found) or Words("")


def _stopped(course: Course) -> Stopped:
    position = course.position
    return Stopped(position.step, position.epoch, course.clock.seconds(), position.best_metrics or position.found)


def _final_metrics(trainee: Trainee, course: Course) -> Generator[Event, None, dict[str, float] | None]:
    """Evaluate the best model on validation and test split, keep it in evaluation/, and return the metrics.

    Returns None when the window wishes the end meanwhile.
    """
    folder = course.keeper.folder
    best = read_model(model_of(folder), str(trainee.device))
    splits = {}
    for name in ("validation", "test"):
        step, facts = course.validated
        if name == "validation" and step == best.description["step"]:  # the last model is the best one
            splits[name] = facts
            continue
        samples = fed(trainee, trainee.dataset.splits[name])
        if len(samples):
            splits[name] = yield from judged_in_full(trainee, best.network, samples, course.while_judging)
            if splits[name] is None:
                return None
    keep(folder, {"model": best.folder.name, "step": best.description["step"], "splits": splits})
    return {f"{name}_{key}": value for name, facts in splits.items() for key, value in facts["metrics"].items()}
