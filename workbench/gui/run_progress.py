"""How far a run is: epoch, step, speed, memory, best model and remaining time, from what its folder says."""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping

from workbench.core.events import (
    Ending,
    EpochDone,
    Failed,
    Finished,
    ModelSaved,
    Preparing,
    Started,
    StepsDone,
    Stopped,
    Warned,
)
from workbench.core.run_reader import Batch
from workbench.core.run_summary import headline

_WINDOW = 10.0  # seconds over which the speed is judged before an epoch is over
_EPOCHS = 3  # epochs whose duration is taken for the ones to come


class RunProgress:
    """Takes the batches of one run in order and keeps what a person wants to know at a glance."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()
        self.start: Started | None = None
        self.preparing: Preparing | None = None
        self.ending: Ending | None = None
        self.epochs: list[EpochDone] = []
        self.best: EpochDone | ModelSaved | None = None
        self.warnings: list[Warned] = []
        self.has_model = False
        self.step = 0
        self.rate = math.nan
        self.memory = math.nan
        self.epsilon = math.nan  # spent of the privacy budget

    def take(self, batch: Batch) -> None:
        """Take what is new; what a later attempt leaves behind is forgotten."""
        if batch.keep_until is not None:
            self.epochs = [epoch for epoch in self.epochs if epoch.step <= batch.keep_until]
            self.step = min(self.step, batch.keep_until)
            self._seen.clear()
        for event in batch.events:
            self._take(event)
        for name, attribute in (("samples_per_second", "rate"), ("memory", "memory"), ("epsilon", "epsilon")):
            if name in batch.scalars and len(batch.scalars[name][1]):
                setattr(self, attribute, float(batch.scalars[name][1][-1]))
        if "training_loss" in batch.scalars:
            self.step = int(batch.scalars["training_loss"][0][-1])
            self._seen.append((self._clock(), self.step))
            while self._seen[-1][0] - self._seen[0][0] > _WINDOW:
                self._seen.popleft()

    @property
    def epoch(self) -> int:
        """The epoch that is under way, counted from 1; after the end the last one."""
        if self.start is None:
            return 0
        done = self.epochs[-1].epoch if self.epochs else self.start.epoch
        return min(done if self.ending else done + 1, self.start.epochs)

    def epochs_done(self) -> int:
        """Return how many epochs are over; a run that came to its own end counts all that were planned."""
        if isinstance(self.ending, Finished) and self.start is not None:
            return max(self.start.epochs, self.ending.epoch)
        return self.epochs[-1].epoch if self.epochs else self.start.epoch if self.start else 0

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1, or None before the first step."""
        if isinstance(self.ending, Finished):
            return 1.0
        return self.step / self.start.total_steps if self.start and self.start.total_steps else None

    @property
    def metrics(self) -> Mapping[str, float]:
        """The newest metrics: at the end those of the best model, test split included."""
        if isinstance(self.ending, Finished | Stopped) and self.ending.metrics:
            return self.ending.metrics
        return self.epochs[-1].metrics if self.epochs else {}

    @property
    def metric(self) -> str:
        """The name of the metric that counts, without its split, or an empty text."""
        return headline(self.epochs[-1].metrics if self.epochs else {}).removeprefix("validation_")

    def seconds_left(self) -> float:
        """Return the remaining time in seconds, or NaN while it cannot be known."""
        if self.start is None or self.ending:
            return math.nan
        steps = self.start.total_steps - self.step
        recent = [epoch.seconds for epoch in self.epochs[-_EPOCHS:] if epoch.step > self.start.step]
        if recent and self.start.steps_per_epoch:
            return steps / self.start.steps_per_epoch * sum(recent) / len(recent)
        if len(self._seen) > 1 and self._seen[-1][0] - self._seen[0][0] > 0.5:
            (began, first), (now, last) = self._seen[0], self._seen[-1]
            return steps * (now - began) / (last - first) if last > first else math.nan
        return math.nan

    def _take(self, event: object) -> None:
        match event:
            case Started():
                self.start, self.ending, self.preparing = event, None, None
                self.step = event.step
                self.epochs = [epoch for epoch in self.epochs if epoch.step <= event.step]
                if self.best and self.best.step > event.step:  # what was learned after the checkpoint is gone
                    self.best = next((epoch for epoch in reversed(self.epochs) if epoch.best), None)
            case Preparing():
                self.preparing, self.ending = event, None
            case EpochDone():
                self.epochs.append(event)
                self.best = event if event.best else self.best
                self.step = max(self.step, event.step)
            case ModelSaved():
                self.has_model = True
                self.best = event if event.best else self.best
            case Warned():
                self.warnings.append(event)
            case Finished() | Stopped() | Failed():
                self.ending, self.preparing = event, None
                self.step = max(self.step, event.step)
            case StepsDone():
                self.step = max(self.step, event.step)
