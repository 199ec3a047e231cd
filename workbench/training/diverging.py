"""Numbers that are no longer finite: found before anything is saved, and said with the step, its batch and samples."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.events import StepsDone
from workbench.core.words import mark
from workbench.inference.order import WHOLE, portions
from workbench.training.checkpoint import Position
from workbench.training.trainee import Trainee

_HINT = mark(
    "Go on from the last good checkpoint as a new run, with a smaller learning rate or with gradient clipping. What "
    "was saved before is kept."
)


_SHOWN = 5  # samples named in the message


class Diverged(UserError):
    """The loss or the weights are not finite numbers any more."""


def refuse_not_finite(done: StepsDone, trainee: Trainee, position: Position) -> None:
    """Raise Diverged naming the first step of the report whose loss is not a finite number, its batch and samples.

    position: after the last step of the report; all its steps are of one epoch.
    """
    steps, losses = done.scalars["training_loss"]
    wrong = np.flatnonzero(~np.isfinite(losses))
    if not len(wrong):
        return
    step, value = int(steps[wrong[0]]), float(losses[wrong[0]])
    first, samples, unsound = _batch_of(trainee, position, position.step - step)
    values: dict[str, Any] = {
        "value": "NaN" if math.isnan(value) else "∞",
        "step": f"{step:,}",
        "batch": f"{first + 1:,}",
        "epoch": f"{position.epoch + 1:,}",
    }
    details = f"Samples of this batch: {', '.join(_named(trainee, samples))}"
    if unsound:
        raise Diverged(
            mark(
                "The loss became {value} at step {step}, in batch {batch} of epoch {epoch}: samples of it hold values "
                "that are not finite numbers ({samples})."
            ),
            hint="Mend or leave out these samples, then train again. What was saved before is kept.",
            details=details,
            samples=", ".join(_named(trainee, unsound[:_SHOWN])) + (" …" if len(unsound) > _SHOWN else ""),
            **values,
        )
    raise Diverged(
        mark("The loss became {value} at step {step}, in batch {batch} of epoch {epoch}: the training diverged."),
        hint=_HINT,
        details=details,
        **values,
    )


def refuse_unsound(weights: Mapping[str, Tensor], step: int) -> None:
    """Raise Diverged when a weight is not a finite number: nothing good could come of keeping it."""
    sound = [torch.isfinite(tensor).all() for tensor in weights.values() if tensor.is_floating_point()]
    if sound and not bool(torch.stack(sound).all()):
        raise Diverged(
            mark("The weights are no longer finite numbers after step {step}: the training diverged."),
            hint=_HINT,
            step=f"{step:,}",
        )


def _named(trainee: Trainee, samples: Sequence[int]) -> list[str]:
    """Return the names of these samples of the training split; stretches of a long text have but their number."""
    names = trainee.dataset.training.names
    return [str(names[sample]) if len(names) == len(trainee.training) else f"{sample:,}" for sample in samples]


def _batch_of(trainee: Trainee, position: Position, back: int) -> tuple[int, list[int], list[int]]:
    """Return the first batch of the step so many steps back, its samples, and those that are not finite themselves.

    The order of an epoch is a pure function of seed and epoch, so that nothing had to be remembered for this.
    """
    training = trainee.recipe.training
    first = (math.ceil(position.batches / training.accumulation) - 1 - back) * training.accumulation
    order, sizes = trainee.order_of(position.epoch)
    samples: list[int] = []
    unsound: list[int] = []
    for batch in portions(order, sizes)[first : first + training.accumulation]:
        samples += batch.tolist()
    place = 0
    whole = replace(trainee.training, share=WHOLE) if trainee.training.share != WHOLE else trainee.training
    for inputs, _ in islice(whole.batches(order, sizes, start=first), training.accumulation):
        if inputs.is_floating_point():
            sound = torch.isfinite(inputs.flatten(1)).all(1)
            unsound += [samples[place + row] for row in torch.nonzero(~sound).flatten().tolist()]
        place += len(inputs)
    return first, samples, unsound
