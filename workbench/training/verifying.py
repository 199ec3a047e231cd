"""Whether a run can be gone on with exactly: a few steps from its newest checkpoint, trained twice and compared."""

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.events import Event, Preparing
from workbench.core.files import read_json
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.core.words import Words, to_plain
from workbench.data import Progress
from workbench.recipe import recipe_from
from workbench.training.checkpoint import Loaded, Position, load_checkpoint, newest_sound
from workbench.training.environment import differences_to
from workbench.training.loop import plan
from workbench.training.setup import set_up
from workbench.training.stepping import take_step
from workbench.training.sums import Sums
from workbench.training.tensors import split_state
from workbench.training.trainee import Trainee

STEPS = 20
_NAMED = 5  # tensors, and kernels, that are named

Digests = dict[str, bytes]  # SHA-256 of each tensor of weights and optimizer, by name


@dataclass(frozen=True)
class Verified:
    """What came of training the same steps twice.

    digests: SHA-256 over weights and optimizer after the last step, of both times. first_step: the step after which the
    two differ for the first time, or 0; tensors: the first that differ there. compared: how many of these steps the run
    itself had done; unlike: the first of them whose loss is another one, or 0. notes: why it may differ, and what is
    wrong with newer checkpoints.
    """

    run: str
    checkpoint: str
    step: int
    steps: int
    identical: bool
    digests: tuple[str, str]
    first_step: int
    tensors: tuple[str, ...]
    compared: int
    unlike: int
    notes: tuple[Words, ...]

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON."""
        return {**asdict(self), "notes": [to_plain(note) for note in self.notes], "verdict": to_plain(self.verdict())}

    def verdict(self) -> Words:
        """Return one sentence that says how it came out."""
        values = {"steps": self.steps, "checkpoint": self.checkpoint, "step": self.first_step or self.unlike}
        if self.identical and not self.unlike:
            return Words("{steps} steps from {checkpoint}, trained twice: identical to the last bit.", values)
        if self.identical:
            return Words(
                "{steps} steps from {checkpoint}, trained twice, are identical, but the run itself had another loss at "
                "step {step}.",
                values,
            )
        return Words("{steps} steps from {checkpoint}, trained twice, are not identical from step {step} on.", values)


def verify_resume(folder: RunFolder, report: Any = None, steps: int = STEPS) -> Verified:
    """Train `steps` steps from the newest sound checkpoint twice, in the run's own settings, and compare all bits.

    Nothing is written into the run. report: is called with a data.Progress. Raises UserError when the run has no
    checkpoint that is sound, or its data are gone.
    """
    loaded, complaints = newest_sound(folder)
    if loaded is None:
        raise UserError(
            "{run} has no checkpoint to go on from: {reason}",
            hint="Train it for a while first: a checkpoint is saved every minute, and at its end.",
            run=folder.name,
            reason=complaints[0] if complaints else Words("it has saved none yet."),
        )
    tell = report or (lambda progress: None)
    trainee = _trainee(folder, loaded, tell)
    notes = [*complaints, *differences_to(loaded.made_with, read_json(folder.environment, {}), trainee.device)]
    first = list(_trained(trainee, loaded, steps, Words("Training it once"), tell))
    again = load_checkpoint(loaded.path)  # an optimizer goes on in the tensors that it was given
    second = list(_trained(trainee, again, steps, Words("Training it again"), tell))
    differing = next((place for place, pair in enumerate(zip(first, second, strict=True)) if pair[0] != pair[1]), None)
    tensors: tuple[str, ...] = ()
    if differing is not None:
        one, two = first[differing][1], second[differing][1]
        tensors = tuple(name for name in one if one[name] != two[name])[:_NAMED]
        notes += _kernels(trainee, loaded)
    losses = [loss for loss, _ in first]
    compared, unlike = _compared_with_the_run(folder, loaded.position.step, losses)
    return Verified(
        run=folder.name,
        checkpoint=loaded.path.name,
        step=loaded.position.step,
        steps=steps,
        identical=differing is None,
        digests=(_overall(first[-1][1]), _overall(second[-1][1])),
        first_step=0 if differing is None else loaded.position.step + differing + 1,
        tensors=tensors,
        compared=compared,
        unlike=unlike,
        notes=tuple(notes),
    )


def fingerprint(loaded: Loaded) -> str:
    """Return the SHA-256 over the weights and the optimizer of a checkpoint."""
    return _overall(_digests(loaded.weights, loaded.optimizer))


def _trainee(folder: RunFolder, loaded: Loaded, tell: Any) -> Trainee:
    def opened(event: Event) -> None:
        if isinstance(event, Preparing):
            tell(Progress(event.stage, event.done, event.total))

    return set_up(recipe_from(loaded.recipe, []), opened, runs=folder.path.parent, loaded=loaded)


def _trained(trainee: Trainee, loaded: Loaded, steps: int, stage: Words, tell: Any) -> Iterator[tuple[float, Digests]]:
    """Yield the loss of each step, and what weights and optimizer are after it."""
    trainee.restore(loaded)
    trainee.network.train()
    position = Position(**asdict(loaded.position))
    total_steps = plan(trainee, position)[2]
    training = trainee.recipe.training
    sums = Sums(trainee.task, Position(), trainee.device)
    done = 0
    while done < steps:
        batches = trainee.epoch(position.epoch, position.batches)
        while done < steps and (parts := list(islice(batches, training.accumulation))):
            loss = take_step(trainee, parts, position.step, total_steps, sums)[0]
            position.step, done = position.step + 1, done + 1
            tell(Progress(stage, done, steps))
            yield float(loss), _digests(trainee.network.state_dict(), trainee.optimizer_state())
        position.epoch, position.batches = position.epoch + 1, 0


def _digests(weights: Mapping[str, Tensor], optimizer: Mapping[str, Any]) -> Digests:
    moments = {f"optimizer {name}": tensor for name, tensor in split_state(optimizer)[0].items()}
    return {name: hashlib.sha256(_bytes(tensor)).digest() for name, tensor in {**weights, **moments}.items()}


def _bytes(tensor: Tensor) -> Any:
    plain = tensor.detach().cpu().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy().data if plain.numel() else b""


def _overall(digests: Digests) -> str:
    whole = hashlib.sha256()
    for name in sorted(digests):
        whole.update(name.encode() + digests[name])
    return whole.hexdigest()


def _compared_with_the_run(folder: RunFolder, step: int, losses: list[float]) -> tuple[int, int]:
    """Return how many of these steps the run did after its checkpoint, and the first with another loss, or 0."""
    steps, values = whole_history(folder)[0].scalars.get("training_loss", (np.empty(0), np.empty(0)))
    known = dict(zip(steps.tolist(), values.tolist(), strict=True))
    there = [(place, loss) for place, loss in enumerate(losses, start=step + 1) if place in known]
    return len(there), next((place for place, loss in there if known[place] != loss), 0)


def _kernels(trainee: Trainee, loaded: Loaded) -> list[Words]:
    """Return a sentence that names the kernels which need not compute the same twice, as torch names them."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            list(_trained(trainee, load_checkpoint(loaded.path), 1, Words("Looking for the cause"), lambda at: None))
        finally:
            torch.use_deterministic_algorithms(before[0], warn_only=before[1])
    names = sorted({str(item.message).split(" ", 1)[0] for item in caught if "determin" in str(item.message)})
    if not names:
        return [
            Words(
                "torch names no kernel as the cause; more than one thread ({threads} here) may add in another order.",
                {"threads": torch.get_num_threads()},
            )
        ]
    return [Words("These kernels need not compute the same twice: {names}.", {"names": ", ".join(names[:_NAMED])})]
