"""What is kept of a training and when: checkpoints by the clock, the best model by the epoch; and when to end early."""

import math
import time
from collections.abc import Iterator, Mapping

from torch import Tensor

from workbench.core.events import CheckpointSaved, Event, ModelSaved
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words
from workbench.hyperparameters import Training
from workbench.metrics import metrics as all_metrics
from workbench.recipe import to_plain
from workbench.training.checkpoint import Position, save_checkpoint
from workbench.training.diverging import refuse_unsound
from workbench.training.model_folder import save_model
from workbench.training.trainee import Trainee

_SHARE = 0.035  # of the run's time that saving may cost


class Keeper:
    """Saves checkpoints and models of one attempt, as often as a small share of its time allows.

    Of several processes the first one alone writes; all of them gather what is written, at the same steps.
    """

    def __init__(self, trainee: Trainee, folder: RunFolder, attempt: int, position: Position) -> None:
        self.trainee = trainee
        self.folder = folder
        self.attempt = attempt
        self.position = position
        self.group = trainee.group
        self._saved = (-1, -1)
        self._checkpoint_at = time.monotonic() + trainee.recipe.training.checkpoint_seconds
        self._rested_at = 0.0  # when saving has cost no more than its share of the time since the last save began
        self._pending: tuple[int, int, dict[str, Tensor], Mapping[str, float]] | None = None

    def checkpoint_is_due(self) -> bool:
        """Return whether it is time for a checkpoint."""
        return time.monotonic() >= max(self._checkpoint_at, self._rested_at)

    def checkpoint(self) -> Iterator[Event]:
        """Save a checkpoint, unless nothing happened since the last, and the best model if it waits in memory.

        Raises UserError when the weights are no longer numbers: then the checkpoints before stay as they are.
        """
        yield from self.save_pending()
        if self._saved == (self.position.step, self.position.epoch):
            return
        self._saved = (self.position.step, self.position.epoch)
        state = self.trainee.state()
        if not self._writes:
            return
        refuse_unsound(state["weights"], self.position.step)
        name, seconds = save_checkpoint(
            self.folder, self.attempt, self.position, **state, recipe=to_plain(self.trainee.recipe)
        )
        self._checkpoint_at = time.monotonic() + self.trainee.recipe.training.checkpoint_seconds
        self._rest(seconds)
        yield CheckpointSaved(name, self.position.step, self.position.epoch, seconds)

    def is_best(self, found: Mapping[str, float]) -> bool:
        """Return whether an epoch with these metrics is the best so far; without a validation split the newest is."""
        position = self.position
        loss = found.get("validation_loss")
        if not self.trainee.is_in_form:  # the newest is kept, but whatever follows in the form asked for is better
            position.best = position.best_loss = position.lowest_loss = None
            position.best_metrics, position.since_better = {}, 0
            return True
        if loss is None:
            return True
        lowest = position.lowest_loss
        improved = math.isfinite(loss) and (lowest is None or loss < lowest)
        position.lowest_loss = loss if improved else lowest
        position.since_better = 0 if improved else position.since_better + 1
        if not math.isfinite(loss):
            return False
        headline = self.trainee.task.headline
        score = found[f"validation_{headline}"]
        score = score if all_metrics[headline].better == "higher" else -score
        if self.trainee.recipe.training.keep_best == "loss":
            score = -loss
        before = (position.best, -(position.best_loss or 0.0)) if position.best is not None else None
        if before is not None and (score, -loss) <= before:
            return False
        position.best, position.best_loss = score, loss
        position.best_metrics = dict(found)
        return True

    def keep_best(self, found: Mapping[str, float]) -> Iterator[Event]:
        """Keep the model of the best epoch so far, just over; where saving is slow, in memory until there is time."""
        position = self.position
        weights = self.trainee.whole_judged()
        if not self._writes:
            return
        now = time.monotonic()
        if now >= self._rested_at and now < self._checkpoint_at:  # else it is saved with the next checkpoint, or later
            yield self._save_model(position.step, position.epoch, weights, found, best=True)
        else:
            copied = {name: tensor.detach().clone() for name, tensor in weights.items()}
            self._pending = position.step, position.epoch, copied, dict(found)

    def something_to_use(self) -> Iterator[Event]:
        """Make sure that there is a model, even before the first epoch is over."""
        yield from self.save_pending()
        if self.group.first(lambda: self.folder.best_model() is None):
            position, weights = self.position, self.trainee.whole_judged()
            if self._writes:
                yield self._save_model(position.step, position.epoch, weights, {}, best=True)

    @property
    def _writes(self) -> bool:
        return self.group.is_first

    def save_pending(self) -> Iterator[Event]:
        """Save the best model if it waits in memory."""
        if self._pending:
            step, epoch, weights, found = self._pending
            self._pending = None
            yield self._save_model(step, epoch, weights, found, best=True)

    def _save_model(
        self, step: int, epoch: int, weights: Mapping[str, Tensor], found: Mapping[str, float], *, best: bool
    ) -> ModelSaved:
        refuse_unsound(weights, step)
        begun = time.monotonic()
        told = found
        if self.trainee.private:  # what was measured on the training samples had no noise added
            told = {name: value for name, value in found.items() if not name.startswith("training_")}
        description = {**self.trainee.description(), "epoch": epoch, "metrics": dict(told)}
        if self.trainee.pruner:
            weights, description = self.trainee.pruner.as_kept(weights, description)
        name = save_model(self.folder, self.attempt, step, weights=weights, description=description, best=best)
        self._rest(time.monotonic() - begun)
        self._pending = None
        self.position.best_model = name
        return ModelSaved(name, step, epoch, best, dict(found))

    def _rest(self, seconds: float) -> None:
        """Let models and checkpoints together cost no more than their share: save nothing for a while."""
        self._rested_at = max(self._rested_at, time.monotonic()) + seconds / _SHARE


def why_to_stop(training: Training, position: Position, found: Mapping[str, float]) -> Words | None:
    """Return why training ends before its last epoch, or None."""
    if training.patience and position.since_better >= training.patience:
        return Words("The validation loss has not improved for {epochs} epochs.", {"epochs": position.since_better})
    name = training.target_metric
    value = found.get(f"validation_{name}")
    if name == "none" or value is None:
        return None
    lower = name == "loss" or all_metrics[name].better == "lower"
    if value <= training.target_value if lower else value >= training.target_value:
        return Words("The target was reached: {name} {value}.", {"name": name, "value": f"{value:.4g}"})
    return None
