"""What goes along with the steps of one attempt: reports, saves, and obedience to the window's wishes."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from typing import Any

from workbench.core.errors import UserError
from workbench.core.events import Answered, Event, StepsDone
from workbench.core.run_folder import Wish
from workbench.training.control import Control
from workbench.training.distributed import ALONE, Pace
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
        self.group = keeper.trainee.group
        self._judging = Pace()
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
        if self.group.size > 1 and not self._judging.is_due():
            return False
        return (yield from self._heeded(due=False))

    def _heeded(self, *, due: bool) -> Hearing:
        """Return whether the window wishes the end; a pause lasts as long as it is in here."""
        self.position.seconds = self.clock.seconds()
        wish, due = self._agreed_wish(due)
        if wish or due:
            self.position.sums, self.position.samples = self.sums.plain()
            yield from self.keeper.checkpoint()
        if wish is None:
            return False
        if wish.wanted != "run":
            yield from self.keeper.something_to_use()
        if wish.wanted == "pause":
            yield Answered(wish.number, "paused")
            pause_began = time.monotonic()
            while (wish := self._agreed_wish(False)[0]) is None or wish.wanted == "pause":
                time.sleep(_LOOK_SECONDS)
            self.clock.leave_out(time.monotonic() - pause_began)
            self.ledger.rest()
        yield Answered(wish.number, "running" if wish.wanted == "run" else "stopping")
        return wish.wanted == "stop"

    def _agreed_wish(self, due: bool) -> tuple[Wish | None, bool]:
        """Return a new wish, and whether a checkpoint is due: as the first process sees it, and when all meet next."""
        if self.group.size == 1:
            return self.control.new_wish(), due
        paces = [pace for pace in (self.ledger.pace, self._judging) if pace is not None]
        heard = self.group.first(lambda: (self.control.new_wish(), due, [pace.proposed() for pace in paces]))
        for pace, steps in zip(paces, heard[2], strict=True):
            pace.meet_after(steps)
        return heard[0], heard[1]

    def leave_the_others(self) -> None:
        """Go on alone: the first process evaluates what was learned, and the others are done."""
        self.group = self.keeper.group = ALONE

    def rescued(self) -> Iterator[Event]:
        """After a failure, yield the steps that are not on record yet and the best model that waits in memory."""
        with suppress(UserError, OSError, RuntimeError):  # which must not hide what failed before
            if self.group.size == 1 and (done := self.ledger.take()):  # of several, the others add nothing any more
                yield done
            yield from self.keeper.save_pending()
