"""One step of training: the weights changed once by a batch, in as many pieces as the memory needs."""

from collections.abc import Callable, Generator

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.nn.utils import clip_grad_norm_

from workbench import schedules
from workbench.core.errors import UserError
from workbench.core.events import Event, Warned
from workbench.core.words import Words
from workbench.data.augmentation import augment
from workbench.inference.feeding import free_memory
from workbench.inference.order import mixed, of_rank
from workbench.networks.layers import norms_over_batches
from workbench.training.devices import release
from workbench.training.explaining import is_out_of_memory
from workbench.training.graphs import Computed, Ready
from workbench.training.precision import autocast
from workbench.training.private import Private
from workbench.training.sharing import added_up, whole
from workbench.training.sums import Sums
from workbench.training.trainee import Trainee

Batch = tuple[Tensor, Tensor]
Taken = tuple[Tensor, Tensor | None, float]


def step_in_memory(
    trainee: Trainee, parts: list[Batch], step: int, total_steps: int, sums: Sums
) -> Generator[Event, None, Taken]:
    """Take a step as `take_step` does; where memory is short, again in twice as many pieces, and say so.

    The pieces stay for all steps that follow. Raises UserError when not even one sample at a time fits.
    """
    while True:
        before = sums.kept()
        try:
            taken = take_step(trainee, parts, step, total_steps, sums)
            if trainee.private and (told := trainee.sample_gradients.told()):
                yield Warned(told, step)
            return taken
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or trainee.group.size > 1:  # the others wait for its gradients
                raise
            details = str(error)
        # Only here, outside of the except block, nothing holds on to the tensors of the step that failed.
        sums.back_to(before)
        trainee.optimizer.zero_grad(set_to_none=True)
        recorded, trainee.graphs = trainee.graphs, None  # recorded steps hold memory of their own
        has_freed = recorded is not None and recorded.holds_memory()
        del recorded
        release(trainee.device)
        if has_freed:
            continue
        yield _smaller_pieces(trainee, max(len(inputs) for inputs, _ in parts), step, details)


def take_step(trainee: Trainee, parts: list[Batch], step: int, total_steps: int, sums: Sums) -> Taken:
    """Change the weights once by the gradient over `parts`, which count as one batch and come from trainee.batches.

    step: steps done before. Returns the loss (), on the device and good until the next step, the gradient's norm if it
    is clipped, and the learning rate. Nothing here waits for the device. Of several processes, the loss is the part
    that this one adds to it.
    """
    training = trainee.recipe.training
    factor = schedules.factor(training.schedule, min(step, total_steps - 1), total_steps)
    factor *= trainee.reaction.factor if trainee.reaction else 1.0
    if trainee.graphs:
        trainee.graphs.set_rates(factor)
    else:
        for group, rate in zip(trainee.optimizer.param_groups, trainee.rates, strict=True):
            group["lr"] = rate * factor
    if trainee.private:
        loss, norm = _in_private(trainee, trainee.private, parts, step, sums)
    elif trainee.group.size > 1:
        loss, norm = _together(trainee, parts, step, sums)
    elif trainee.graphs and len(parts) == 1 and trainee.pieces == 1:
        ready = _made_ready(trainee, parts[0], step, 0)
        found = trainee.graphs.replayed(ready, sums, lambda batch: _whole(trainee, batch, sums.add_in_place))
        if found:
            sums.add_count(found.count)
        else:
            found = _whole(trainee, ready, sums.add)
        loss, norm = found.loss, found.norm
    else:
        loss, norm = _in_parts(trainee, parts, step, sums)
    if trainee.average is not None:
        trainee.average.update_parameters(trainee.network)
    if trainee.pruner is not None:
        trainee.pruner.after_step(step + 1, total_steps)
    return loss, norm, trainee.rates[0] * factor


def _in_parts(trainee: Trainee, parts: list[Batch], step: int, sums: Sums) -> tuple[Tensor, Tensor | None]:
    """Take a step by the gradients of these batches and, where memory is short, of pieces of them."""
    _forget_gradients(trainee)
    samples = sum(len(inputs) for inputs, _ in parts)
    losses = []
    for part, batch in enumerate(parts):
        ready, share = _made_ready(trainee, batch, step, part), len(batch[0]) / samples
        count = trainee.task.count(ready.goals)
        if trainee.pieces == 1:
            losses.append(_learned_from(trainee, ready, count, share, sums.add))
        else:
            for rows in _pieces(len(ready.inputs), trainee.pieces):
                losses.append(_learned_from(trainee, ready.piece(rows), count, share, sums.add))
    norm = _changed(trainee)
    return losses[0] if len(losses) == 1 else torch.stack(losses).sum(), norm


def _together(trainee: Trainee, parts: list[Batch], step: int, sums: Sums) -> tuple[Tensor, Tensor | None]:
    """Take a step by the gradients of these batches, of each of which every process has its part, or nothing.

    Sums of losses are divided by the counts of all processes, so that the step is the one that a single process takes.
    """
    _forget_gradients(trainee)
    group, device = trainee.group, trainee.device
    assert trainee.shared is not None
    sizes = torch.tensor([float(len(inputs)) for inputs, _ in parts], device=device)
    shares = group.total(sizes) / group.total(sizes).sum() if len(parts) > 1 else torch.ones_like(sizes)
    losses = []
    for part, batch in enumerate(parts):
        is_spare = len(batch[0]) == 0  # whoever has no sample computes some that count for nothing: all exchange
        ready = _made_ready(trainee, trainee.spare if is_spare else batch, step, part)
        here = 0 if is_spare else trainee.task.count(ready.goals)
        counted = here.float() if isinstance(here, Tensor) else torch.full((), float(here), device=device)
        with added_up(trainee.shared, more=part + 1 < len(parts)):
            outputs, loss = _loss_of(trainee, ready)
            mean = loss * (0.0 if is_spare else 1.0) / group.total(counted) * shares[part]
            trainee.scaler.scale(mean * group.size).backward()  # what is exchanged is the mean over the processes
        if not is_spare:
            sums.add(outputs.detach(), ready.judged, loss.detach(), here, is_plain=ready.is_plain)
        losses.append(mean.detach())
    return torch.stack(losses).sum(), _changed(trainee)


def _in_private(
    trainee: Trainee, private: Private, parts: list[Batch], step: int, sums: Sums
) -> tuple[Tensor, Tensor | None]:
    """Take a step by the cut and noised gradients of the samples of these batches, of which any may have none."""
    _forget_gradients(trainee)
    filled = [(part, batch) for part, batch in enumerate(parts) if len(batch[0])]
    ready = (_made_ready(trainee, batch, step, part) for part, batch in filled)
    found = trainee.sample_gradients.add(ready, trainee.pieces, sums.add)
    trainee.sample_gradients.finish(private.noise, private.size, private.generator(step, trainee.device))
    norm = _changed(trainee)
    private.budget.count()
    if filled:
        private.loss = found
    return private.loss, norm


def _whole(trainee: Trainee, ready: Ready, add: Callable[..., None]) -> Computed:
    """Take a step by the gradient of one batch; all that is done here is done on the device."""
    _forget_gradients(trainee)
    count = trainee.task.count(ready.goals)
    loss = _learned_from(trainee, ready, count, 1.0, add)
    return Computed(loss, _changed(trainee), count)


def _made_ready(trainee: Trainee, batch: Batch, step: int, part: int) -> Ready:
    """Return a batch with the random changes of this step, as the network takes it."""
    inputs, targets = batch
    softened = targets
    if trainee.augments:
        inputs, softened = augmented(trainee, inputs, targets, step, part)
        inputs = trainee.training.ready(inputs)
    ready, goals = trainee.task.prepare(inputs, softened, trainee.chance(step, part), training=True)
    judged = goals if softened is targets else targets
    other = trainee.weights is not None or bool(trainee.recipe.training.label_smoothing) or trainee.teacher is not None
    return Ready(ready, goals, judged, judged is goals and not other)


def _learned_from(
    trainee: Trainee, batch: Ready, count: int | Tensor, share: float, add: Callable[..., None]
) -> Tensor:
    """Add the gradients of a batch, or of a piece of one, to the parameters' and return its part of the step's loss.

    count: of the things in the whole batch. share: of the batch in the step. add: of Sums.
    """
    outputs, loss = _loss_of(trainee, batch)
    mean = loss / count if share == 1.0 else loss / count * share
    trainee.scaler.scale(mean).backward()
    here = count if trainee.pieces == 1 else trainee.task.count(batch.goals)
    add(outputs.detach(), batch.judged, loss.detach(), here, is_plain=batch.is_plain)
    return mean.detach()


def _loss_of(trainee: Trainee, batch: Ready) -> tuple[Tensor, Tensor]:
    """Return what the network says of a batch, and the loss () summed over it."""
    training = trainee.recipe.training
    with autocast(trainee.device, training.precision):
        outputs = trainee.forward(batch.inputs)
    loss = trainee.task.loss(
        outputs,
        batch.goals,
        weights=trainee.weights,
        label_smoothing=training.label_smoothing,
        reduction="sum",
    )
    if trainee.teacher is not None:
        loss = trainee.teacher.mixed(loss, outputs, batch.inputs)
    return outputs, loss


def _forget_gradients(trainee: Trainee) -> None:
    for parameter in trainee.parameters:
        parameter.grad = None


def _changed(trainee: Trainee) -> Tensor | None:
    """Change the weights by their gradients, and return the norm of these if it is clipped."""
    norm = None
    if trainee.recipe.training.gradient_clip:
        trainee.scaler.unscale_(trainee.optimizer)
        norm = whole(clip_grad_norm_(trainee.parameters, trainee.recipe.training.gradient_clip))
    if trainee.scaler.is_enabled():
        _scaled_step(trainee)
    else:
        trainee.change()
    return norm


def _scaled_step(trainee: Trainee) -> None:
    """Take the step unless a gradient is infinite, and count those left out, without waiting for the device."""
    scale = trainee.scaler._scale  # what get_scale() returns waits for the device
    assert scale is not None, "the loss was scaled"
    before = scale.clone()
    trainee.scaler.step(trainee.optimizer)
    trainee.scaler.update()
    trainee.skipped = trainee.skipped + (scale < before).to(torch.int64).squeeze()


def _pieces(count: int, pieces: int) -> list[slice]:
    """Return `count` samples cut into so many pieces of the same size but for the last, or fewer."""
    size = -(-count // pieces)
    return [slice(begin, begin + size) for begin in range(0, count, size)]


def _smaller_pieces(trainee: Trainee, samples: int, step: int, details: str) -> Warned:
    """Halve what is computed at once, and return the sentence about it; raises UserError when that is impossible."""
    now = -(-samples // trainee.pieces)
    free = f"{free_memory(trainee.device) / 1e6:,.0f}"
    if now == 1:
        raise UserError(
            "Not even one sample at a time fits into the memory: {free} MB are free.",
            hint="Close other programs, or take a smaller network or shorter inputs. What was saved before is kept.",
            details=details,
            free=free,
        )
    trainee.pieces *= 2
    values = {
        "step": f"{step + 1:,}",
        "now": now,
        "then": -(-samples // trainee.pieces),
        "batch": samples,
        "free": free,
    }
    if norms_over_batches(trainee.network):
        words = Words(
            "The memory was not enough at step {step}: {then} samples are computed at once instead of {now}, still "
            "{batch} for each change of the weights. Batch normalization sees {then} at a time. {free} MB are free.",
            values,
        )
    else:
        words = Words(
            "The memory was not enough at step {step}: {then} samples are computed at once instead of {now}, still "
            "{batch} for each change of the weights, so the result stays the same. {free} MB are free.",
            values,
        )
    return Warned(words, step)


def augmented(trainee: Trainee, inputs: Tensor, targets: Tensor, step: int, part: int) -> Batch:
    """Return inputs and targets with the random changes of this step: a function of seed, step, part and process."""
    settings = trainee.augmentation.without_turns()
    others = of_rank(trainee.group.rank)  # each process has changes of its own
    generator = torch.Generator(trainee.device).manual_seed(mixed(trainee.recipe.training.seed, step, part, *others))
    if not settings.softens():
        return augment(inputs, None, settings, generator)[0], targets
    return augment(inputs, one_hot(targets, len(trainee.dataset.classes)).float(), settings, generator)
