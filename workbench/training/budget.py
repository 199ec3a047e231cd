"""What of the privacy budget is spent, as the accountant of opacus says it, and how far the rest goes.

opacus is imported where it is needed only: that takes seconds, and few runs are private.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from workbench.core.errors import UserError
from workbench.core.words import Words

Spent = tuple[float, float, int]  # noise, share of the samples that a step draws, and how many such steps


class Budget:
    """Counts the steps of a private training.

    epsilon, delta: what may be spent. noise: deviation of the noise over the largest norm of a sample's gradient.
    share: the chance of each sample to be drawn for a step.
    """

    def __init__(self, epsilon: float, delta: float, noise: float, share: float, accountant: str) -> None:
        from opacus.accountants import create_accountant  # takes seconds

        self.epsilon, self.delta, self.noise, self.share = epsilon, delta, noise, share
        self._accountant: Any = create_accountant(accountant)
        self._kind = accountant
        self._left: int | None = None
        self._known: tuple[list[Spent], float] = ([], 0.0)  # what was spent after which steps

    def count(self) -> None:
        """Count one step that was taken."""
        self._accountant.step(noise_multiplier=self.noise, sample_rate=self.share)
        if self._left is not None:
            self._left -= 1

    def spent(self) -> float:
        """Return the ε of all steps so far at this δ; takes a tenth of a second or several."""
        history = list(self._accountant.history)
        if self._known[0] != history:
            self._known = history, epsilon_of(history, self.delta, self._kind)
        return self._known[1]

    def steps_left(self, wanted: int) -> int:
        """Return how many of the `wanted` steps can still be taken within the budget; the answer is remembered."""
        if self._left is None or self._left < 0:
            self._left = self._found(wanted)
        return min(self._left, wanted)

    def state(self) -> list[list[float]]:
        """Return the steps so far as plain values; `restore` is the way back."""
        return [list(entry) for entry in self._accountant.history]

    def restore(self, state: Sequence[Sequence[float]]) -> None:
        """Go on from these steps."""
        self._accountant.history = [(float(noise), float(share), int(steps)) for noise, share, steps in state]
        self._left = None

    def _found(self, wanted: int) -> int:
        """Return the most steps, up to `wanted`, after which no more than the budget is spent.

        All of them are asked for first, since automatic noise lets these fit; else the number is approached from
        below, because what lies far beyond the budget takes long to compute.
        """
        if wanted <= 0 or ((self._kind == "rdp" or self._fits_roughly(wanted)) and self._fits(wanted)):
            return wanted
        fits, too_many = 0, 1
        while too_many < wanted and self._fits(too_many):
            fits, too_many = too_many, 2 * too_many
        too_many = min(too_many, wanted)
        while too_many - fits > 1:
            middle = (fits + too_many) // 2
            fits, too_many = (middle, too_many) if self._fits(middle) else (fits, middle)
        return fits

    def _fits(self, steps: int) -> bool:
        return self._after(steps, self._kind) <= self.epsilon

    def _fits_roughly(self, steps: int) -> bool:
        """Return whether the quick accountant, which says more than is spent, does not say far too much."""
        return self._after(steps, "rdp") <= 2 * self.epsilon + 1

    def _after(self, steps: int, accountant: str) -> float:
        history = list(self._accountant.history)
        if history and history[-1][:2] == (self.noise, self.share):  # as the accountant itself puts them together
            steps += history.pop()[2]
        return epsilon_of([*history, (self.noise, self.share, steps)], self.delta, accountant)


def epsilon_of(spent: Sequence[Spent], delta: float, accountant: str) -> float:
    """Return the ε of these steps at this δ, as the accountant of opacus of that name, "prv" or "rdp", says it."""
    from opacus.accountants import create_accountant

    made: Any = create_accountant(accountant)
    made.history = list(spent)
    with _without_advice():
        return float(made.get_epsilon(delta))


def noise_for(epsilon: float, delta: float, share: float, steps: int, accountant: str) -> float:
    """Return the noise with which so many steps spend the budget and no more; infinite when opacus knows none."""
    from opacus.accountants.utils import get_noise_multiplier

    try:
        with _without_advice():
            found = get_noise_multiplier(
                target_epsilon=epsilon, target_delta=delta, sample_rate=share, steps=steps, accountant=accountant
            )
    except ValueError:  # there is a highest noise that it tries
        return math.inf
    return float(found)


def refuse_overspent(spent: float, epsilon: float) -> None:
    """Raise UserError when more is spent than a budget allows: nothing that follows takes it back."""
    if spent > epsilon:
        raise UserError(
            "This run has spent ε {spent} of privacy already: nothing more can be trained in a budget of ε {epsilon}.",
            hint="Allow more than was spent, or start a new run.",
            spent=f"{math.ceil(spent * 100) / 100:g}",
            epsilon=f"{epsilon:g}",
        )


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keep opacus from advising other orders of its bound: what it says holds with these."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Optimal order is the (largest|smallest) alpha")
        yield


def spent_up(budget: Budget) -> Words:
    """Return why a training ends whose next step would spend more than there is."""
    return Words("The privacy budget of ε {epsilon} is spent.", {"epsilon": f"{budget.epsilon:g}"})
