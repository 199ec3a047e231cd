"""What goes along with the steps of one attempt: reports, saves, and obedience to the window's wishes."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from typing import Any

from workbench.core.errors import UserError
from workbench.core.events import Answered, Event, StepsDone
from workbench.training.control import Control
from workbench.training.diverging import refuse_not_finite
from workbench.training.keeping import Keeper
from workbench.training.ledger import Clock, Ledger, at_one_step
from workbench.training.sums import Sums

Hearing = Generator[Event, None, bool]  # yields what happens, and returns whether the window wishes the end
_LOOK_SECONDS = 0.05  # between two looks at the wishes during a pause


class Course:
    """The books, the clock and the wishes of one attempt."""

    def __init__(self, keeper: Keeper, control: Control, ledger: Ledger, sums: Sums) -> None:
        self.keeper = keeper
        self.position = keeper.position
        self.control = control
        self.ledger = ledger
        self.sums = sums
        self.clock = Clock(keeper.position.seconds)
        self.validated: tuple[int, dict[str, Any]] = (-1, {})  # after which step, and all that was found
        self._told_at = -1
        self._known_skipped = int(keeper.trainee.skipped)

    def reported(self) -> Iterator[Event]:
        """Yield the steps since the last report; raises UserError when a loss among them is not finite."""
        done = self.ledger.take()
        if done:
            yield done  # first on record, then judged
            refuse_not_finite(done, self.keeper.trainee, self.position)
            yield from self._skipped(done.step)

    def _skipped(self, step: int) -> Iterator[Event]:
        """Yield how many steps were skipped so far, when that has changed (float16 alone skips steps)."""
        trainee = self.keeper.trainee
        if trainee.scaler.is_enabled() and (skipped := int(trainee.skipped)) != self._known_skipped:
            self._known_skipped = skipped
            yield at_one_step(step, {"skipped_steps": float(skipped)})

    def after_steps(self) -> Hearing:
        """Report the steps, save what is due, and do what the window wishes."""
        yield from self.reported()
        yield from self._spent()
        return (yield from self._heeded(due=self.keeper.checkpoint_is_due()))

    def _spent(self) -> Iterator[Event]:
        """Yield what a private training has spent of its budget, when telling it costs little enough."""
        private = self.keeper.trainee.private
        if private and (told := private.told()):
            self._told_at = self.position.step
            yield at_one_step(self.position.step, told)

    def at_epoch_end(self, found: Mapping[str, float]) -> StepsDone:
        """Return what was found at the end of an epoch as scalars, but for an ε that was told after this very step."""
        if self._told_at == self.position.step:
            found = {name: value for name, value in found.items() if name != "epsilon"}
        return at_one_step(self.position.step, found)

    def while_judging(self) -> Hearing:
        """Do what the window wishes; what comes after the last step of an epoch is done again by who resumes."""
        return (yield from self._heeded(due=False))

    def _heeded(self, *, due: bool) -> Hearing:
        """Return whether the window wishes the end; a pause lasts as long as it is in here."""
        self.position.seconds = self.clock.seconds()
        wish = self.control.new_wish()
        if wish or due:
            self.position.sums, self.position.samples = self.sums.plain(), int(self.sums.samples)
            yield from self.keeper.checkpoint()
        if wish is None:
            return False
        if wish.wanted != "run":
            yield from self.keeper.something_to_use()
        if wish.wanted == "pause":
            yield Answered(wish.number, "paused")
            pause_began = time.monotonic()
            while (wish := self.control.new_wish()) is None or wish.wanted == "pause":
                time.sleep(_LOOK_SECONDS)
            self.clock.leave_out(time.monotonic() - pause_began)
            self.ledger.rest()
        yield Answered(wish.number, "running" if wish.wanted == "run" else "stopping")
        return wish.wanted == "stop"

    def rescued(self) -> Iterator[Event]:
        """After a failure, yield the steps that are not on record yet and the best model that waits in memory."""
        with suppress(UserError, OSError, RuntimeError):  # which must not hide what failed before
            if done := self.ledger.take():
                yield done
            yield from self.keeper.save_pending()
