"""The training loop: a generator of events, to be read from top to bottom."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.nn.utils import clip_grad_norm_

from workbench import schedules
from workbench.core.events import Answered, EpochDone, Event, Failed, Finished, Started, Stopped, Warned
from workbench.core.files import write_atomically
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words
from workbench.data.augmentation import Augmentation, augment
from workbench.inference.evaluation import keep
from workbench.recipe import Recipe, to_toml
from workbench.training.checkpoint import Position, newest_sound
from workbench.training.control import Control
from workbench.training.environment import this_process
from workbench.training.explaining import explained
from workbench.training.feeding import batch_count, epoch_order, mixed
from workbench.training.keeping import Keeper, why_to_stop
from workbench.training.ledger import Clock, Ledger, Sums, at_one_step, refuse_not_finite
from workbench.training.precision import autocast
from workbench.training.setup import Trainee, set_up
from workbench.training.validation import evaluated, judge

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
) -> Iterator[Event]:
    """Train as the recipe says and yield what happens; the last event is the one Finished, Stopped or Failed.

    Goes on from the newest checkpoint in `folder`, if there is one, and heeds the wishes to this attempt between steps.
    changed: settings that differ from those the checkpoint was made with. report: is told what happens while the data
    are opened, before this generator can yield.
    """
    position = Position()
    try:
        yield from _trained(recipe, folder, attempt, changed or {}, report, position)
    except Exception as error:  # noqa: BLE001 - the one broad except of the program: whatever it was, the run ends and says why
        yield Failed(position.step, explained(error, recipe).to_plain(), position.seconds)


def _trained(
    recipe: Recipe,
    folder: RunFolder,
    attempt: int,
    changed: Mapping[str, Any],
    report: Callable[[Event], None],
    position: Position,
) -> Iterator[Event]:
    trainee = set_up(recipe, report)
    training = trainee.recipe.training
    if not folder.recipe.exists():
        write_atomically(folder.recipe, to_toml(trainee.recipe))
    loaded, complaints = newest_sound(folder)
    if loaded:
        trainee.restore(loaded)
        vars(position).update(vars(loaded.position))
    batch_size = trainee.batch_size()
    count = len(trainee.training)
    steps_per_epoch = math.ceil(batch_count(count, batch_size) / training.accumulation)
    total_steps = position.step + (training.epochs - position.epoch) * steps_per_epoch
    total_steps -= position.batches // training.accumulation
    yield Started(
        attempt=attempt,
        step=position.step,
        epoch=position.epoch,
        epochs=training.epochs,
        steps_per_epoch=steps_per_epoch,
        total_steps=total_steps,
        samples=count,
        parameters=sum(parameter.numel() for parameter in trainee.network.parameters()),
        device=str(trainee.device),
        parent=loaded.path.name if loaded else "",
        changed=dict(changed),
        **this_process(),
    )
    for complaint in complaints:
        yield Warned(complaint, position.step)

    keeper = Keeper(trainee, folder, attempt, position)
    control = Control(folder, attempt)
    ledger = Ledger(trainee.device)
    validate = judge(trainee, trainee.dataset.validation, "validation")
    clock = Clock(position.seconds)
    sums = Sums(trainee.task.headline, position, trainee.device)
    found: dict[str, float] = {}
    reason = Words("")
    trainee.network.train()

    while position.epoch < training.epochs and not reason.template:
        epoch_began = time.monotonic()
        order = epoch_order(count, training.seed, position.epoch)
        batches = trainee.training.batches(order, batch_size, start=position.batches)
        while parts := list(islice(batches, training.accumulation)):
            loss, norm, rate = take_step(trainee, parts, position.step, total_steps, sums)
            position.step += 1
            position.batches += len(parts)
            if not ledger.add(position.step, loss, rate, sum(len(targets) for _, targets in parts), norm):
                continue
            # Due, a few times a second: what was kept on the device is written, and the window's wishes are heard.
            yield from reported(ledger)
            position.seconds = clock.seconds()
            wish = control.new_wish()
            if wish or keeper.checkpoint_is_due():
                position.sums, position.samples = sums.plain(), sums.samples
                yield from keeper.checkpoint()
            if wish and wish.wanted == "pause":
                yield from keeper.something_to_use()
                yield Answered(wish.number, "paused")
                pause_began = time.monotonic()
                while (wish := control.new_wish()) is None or wish.wanted == "pause":
                    time.sleep(0.05)
                clock.leave_out(time.monotonic() - pause_began)
                ledger.rest()
                yield Answered(wish.number, "running" if wish.wanted == "run" else "stopping")
            if wish and wish.wanted == "stop":
                yield from keeper.something_to_use()
                yield Stopped(position.step, position.epoch, clock.seconds(), keeper.best_metrics or found)
                return

        yield from reported(ledger)
        position.epoch, position.batches = position.epoch + 1, 0
        found = {**sums.means(), **validate(trainee.judged)}
        sums.clear()
        position.sums, position.samples = {}, 0
        seconds = time.monotonic() - epoch_began
        yield at_one_step(position.step, found)
        yield EpochDone(position.epoch, position.step, found, seconds)
        if trainee.reaction and "validation_loss" in found:
            trainee.reaction.observe(found["validation_loss"])
        position.seconds = clock.seconds()
        yield from keeper.epoch_done(found)
        ledger.rest()
        reason = why_to_stop(training, position, found) or reason

    position.seconds = clock.seconds()
    yield from keeper.checkpoint()
    yield from keeper.something_to_use()
    final = judged_in_full(trainee, keeper, folder)
    yield Finished(position.step, position.epoch, clock.seconds(), {**found, **final}, reason)


def take_step(
    trainee: Trainee, parts: list[Batch], step: int, total_steps: int, sums: Sums
) -> tuple[Tensor, Tensor | None, float]:
    """Change the weights once by the gradient over `parts`, which count as one batch.

    step: steps done before. Returns the loss (), on the device, the gradient's norm if it is clipped, and the learning
    rate. Nothing here waits for the device.
    """
    training = trainee.recipe.training
    factor = schedules.factor(training.schedule, min(step, total_steps - 1), total_steps)
    factor *= trainee.reaction.factor if trainee.reaction else 1.0
    for group, rate in zip(trainee.optimizer.param_groups, trainee.rates, strict=True):
        group["lr"] = rate * factor
    trainee.optimizer.zero_grad(set_to_none=True)
    count = sum(len(targets) for _, targets in parts)
    total = torch.zeros((), device=trainee.device)
    for part, (inputs, targets) in enumerate(parts):
        inputs, goals = augmented(trainee, inputs, targets, step, part)
        with autocast(trainee.device, training.precision):
            logits = trainee.forward(trainee.training.ready(inputs))
        loss = trainee.task.loss(
            logits, goals, weights=trainee.weights, label_smoothing=training.label_smoothing, reduction="sum"
        )
        trainee.scaler.scale(loss / count).backward()
        total += loss.detach()
        sums.add(logits.detach(), targets, loss.detach())
    norm = None
    if training.gradient_clip:
        trainee.scaler.unscale_(trainee.optimizer)
        norm = clip_grad_norm_(trainee.network.parameters(), training.gradient_clip)
    trainee.scaler.step(trainee.optimizer)
    trainee.scaler.update()
    if trainee.average is not None:
        trainee.average.update_parameters(trainee.network)
    return total / count, norm, trainee.optimizer.param_groups[0]["lr"]


def judged_in_full(trainee: Trainee, keeper: Keeper, folder: RunFolder) -> dict[str, float]:
    """Evaluate the best model on validation and test split, keep it in evaluation/, and return the metrics."""
    best = keeper.best_network()
    splits = {name: trainee.dataset.splits[name] for name in ("validation", "test")}
    found = {name: evaluated(trainee, best, split) for name, split in splits.items() if len(split)}
    keep(folder, {"model": keeper.position.best_model, "step": keeper.position.step, "splits": found})
    return {f"{name}_{key}": value for name, facts in found.items() for key, value in facts["metrics"].items()}


def augmented(trainee: Trainee, inputs: Tensor, targets: Tensor, step: int, part: int) -> Batch:
    """Return inputs and targets with the random changes of this step: a pure function of seed, step and part."""
    settings = getattr(trainee.recipe.data, "augmentation", None)
    if not isinstance(settings, Augmentation) or not settings.anything():
        return inputs, targets
    generator = torch.Generator(trainee.device).manual_seed(mixed(trainee.recipe.training.seed, step, part))
    if not settings.softens():
        return augment(inputs, None, settings, generator)[0], targets
    return augment(inputs, one_hot(targets, len(trainee.dataset.classes)).float(), settings, generator)


def reported(ledger: Ledger) -> Iterator[Event]:
    """Yield the steps since the last report; raises UserError when a loss among them is not finite."""
    done = ledger.take()
    if done:
        yield done  # first on record, then judged
        refuse_not_finite(done)
