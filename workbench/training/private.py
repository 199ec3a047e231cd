"""Private training: what of it is decided once, where its chance comes from, and which samples a step draws."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.events import Event, Preparing, Warned
from workbench.core.words import Words
from workbench.hyperparameters import Training
from workbench.hyperparameters.privacy import Privacy
from workbench.hyperparameters.private_limits import refusal_of_several
from workbench.inference.order import mixed
from workbench.networks.layers import norms_over_batches
from workbench.recipe import Recipe, recipe_from, to_plain
from workbench.training.budget import Budget, noise_for, refuse_overspent, spent_up

if TYPE_CHECKING:
    from workbench.training.trainee import Trainee

_BATCHES, _NOISE, _FORKED = 4, 5, 7  # which of the chances of a run one is, beside those of Trainee
_SHARE = 0.05  # of the time that telling ε may take
_LEAST, _MOST = 0.3, 1000.0  # noise, as the setting says
_NAMED = 4  # layers that are named one by one
_PER_SAMPLE = 0.1  # automatic δ times the number of samples


class Private:
    """A private training: its budget, and its source of chance, which is a pure function of a key and the step.

    samples: in the training split. size: samples that a step draws in the mean. parts: in which they come.
    """

    def __init__(self, settings: Privacy, samples: int, size: int, parts: int, seed: int) -> None:
        assert isinstance(settings.delta, float)
        assert isinstance(settings.noise, float)
        self.clip, self.noise, self.parts = settings.clip, settings.noise, parts
        self.samples, self.size = samples, size
        self.budget = Budget(settings.epsilon, settings.delta, settings.noise, size / samples, settings.accountant)
        self.loss = torch.zeros(())  # of the last step that drew a sample: one that draws none has no loss
        self.ends_early = False
        self._settings = settings
        self._key = seed if settings.chance == "seed" else secrets.randbits(128)
        self._rested_at = 0.0

    def drawn(self, epoch: int, steps: int) -> list[Tensor]:
        """Return which samples (n,) each part of each step of an epoch takes: every one by chance, alone.

        That is what the accountant counts on (Poisson sampling): how many there are differs, and may be none.
        """
        parts: list[Tensor] = []
        for step in range(steps):
            random = np.random.default_rng(mixed(self._key, epoch, step, _BATCHES))
            count = random.binomial(self.samples, self.budget.share)  # the same as asking each one, in less time
            rows = np.sort(random.choice(self.samples, count, replace=False, shuffle=False))
            parts += torch.from_numpy(rows).tensor_split(self.parts)
        return parts

    def generator(self, step: int, device: torch.device) -> torch.Generator:
        """Return the source of the noise of this step."""
        return torch.Generator(device).manual_seed(mixed(self._key, step, 0, _NOISE))

    def limited(self, step: int, total_steps: int) -> int:
        """Return after which step training ends, at the latest `total_steps`: before it would exceed the budget.

        step: steps done before. Raises UserError when there is none yet, and the budget is less than one costs, or when
        they spent more than it.
        """
        if step:
            refuse_overspent(self.budget.spent(), self.budget.epsilon)
        left = self.budget.steps_left(total_steps - step)
        if not left and not step and total_steps:
            raise UserError(
                "With a noise of {noise} the first step already spends more than a privacy budget of ε {epsilon}.",
                hint="Let the noise be automatic, or allow a larger ε.",
                noise=f"{self.noise:g}",
                epsilon=f"{self.budget.epsilon:g}",
            )
        self.ends_early = step + left < total_steps
        return step + left

    def why_early(self) -> Words:
        """Return why training ended before its last epoch, or empty words."""
        return spent_up(self.budget) if self.ends_early else Words("")

    def told(self) -> Mapping[str, float]:
        """Return what is to be told of the budget now: nothing while that would take too much of the time."""
        if time.monotonic() < self._rested_at:
            return {}
        return self.now()

    def now(self) -> dict[str, float]:
        """Return the ε that is spent, by its name."""
        began = time.monotonic()
        spent = self.budget.spent()
        self._rested_at = time.monotonic() + (time.monotonic() - began) / _SHARE
        return {"epsilon": spent}

    def allowed(self) -> dict[str, float]:
        """Return what may be spent."""
        return {"epsilon": self.budget.epsilon, "delta": self.budget.delta}

    def metrics(self) -> dict[str, float]:
        """Return what the metrics at the end say of it."""
        return {"epsilon": self.budget.spent(), "delta": self.budget.delta}

    def description(self) -> dict[str, Any]:
        """Return what model.json says of it: of the whole run, since which model is kept depends on all its steps."""
        settings = self._settings
        return {
            "epsilon": self.budget.epsilon,
            "delta": self.budget.delta,
            "spent": self.budget.spent(),
            "noise": self.noise,
            "clip": self.clip,
            "accountant": settings.accountant,
        }

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"key": f"{self._key:x}", "spent": self.budget.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._key = int(state["key"], 16)
        spent: Sequence[Sequence[float]] = state["spent"]
        self.budget.restore(spent)


def key_of_fork(training: Training, step: int) -> str:
    """Return the key of a run that goes on from another's checkpoint after `step`, as `Private.state` keeps it.

    With the other's key both would have the same noise, and who has both models could take it away.
    """
    key = mixed(training.seed, step, 0, _FORKED) if training.privacy.chance == "seed" else secrets.randbits(128)
    return f"{key:x}"


def make_private(trainee: "Trainee", report: Callable[[Event], None]) -> None:
    """Let a training be private; raises UserError where network, budget or several processes do not allow it."""
    if trainee.group.size > 1:
        raise refusal_of_several()
    refuse_batch_norm(trainee.network)
    if trainee.recipe.training.start_from or hasattr(trainee.network, "load_pretrained"):
        words = Words(
            "What the weights to begin with were trained on is not counted: if it has samples of this run, ε does not "
            "hold for them."
        )
        report(Warned(words))
    samples = len(trainee.training)
    trainee.recipe = with_noise(trainee.recipe, samples, trainee.steps_per_epoch(), report)
    training = trainee.recipe.training
    size = drawn_by_a_step(training, samples)
    trainee.private = Private(training.privacy, samples, size, training.accumulation, training.seed)


def drawn_by_a_step(training: Training, samples: int) -> int:
    """Return how many of the samples a step draws in the mean."""
    size = samples if training.batch_size == "all" else training.batch_size
    return min(size * training.accumulation, samples)


def refuse_batch_norm(network: nn.Module) -> None:
    """Raise UserError when a layer's answer for a sample depends on the others of its batch."""
    mixing = [f"{name} ({type(layer).__name__})" for name, layer in norms_over_batches(network).items()]
    if mixing:
        raise UserError(
            "Batch normalization lets every sample of a batch reach what is learned from the others, so that private "
            "training cannot have it: {layers}.",
            hint="Choose group normalization on the Model page, or another architecture.",
            layers=", ".join(mixing[:_NAMED]) + (" …" if len(mixing) > _NAMED else ""),
        )


def with_noise(recipe: Recipe, samples: int, steps_per_epoch: int, report: Callable[[Event], None]) -> Recipe:
    """Return the recipe with δ and the noise written out that its budget asks for.

    samples: in the training split. Raises UserError when no noise is enough.
    """
    training, privacy = recipe.training, recipe.training.privacy
    delta = privacy.delta if isinstance(privacy.delta, float) else min(_PER_SAMPLE / samples, 0.5)
    noise = privacy.noise
    if not isinstance(noise, float):
        report(Preparing(Words("Finding the noise for the privacy budget")))
        share = drawn_by_a_step(training, samples) / samples
        steps = training.steps or training.epochs * steps_per_epoch
        noise = max(noise_for(privacy.epsilon, delta, share, steps, privacy.accountant), _LEAST)
        if noise > _MOST:
            raise UserError(
                "A privacy budget of ε {epsilon} is too small for {steps} steps with {samples} samples: no noise that "
                "leaves something to learn from keeps it.",
                hint="Allow a larger ε, take more samples, or train for fewer epochs.",
                epsilon=f"{privacy.epsilon:g}",
                steps=f"{steps:,}",
                samples=f"{samples:,}",
            )
    plain = to_plain(recipe)
    plain["training"]["privacy"].update(delta=delta, noise=noise)
    return recipe_from(plain)
