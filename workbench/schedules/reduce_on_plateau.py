"""Reduce on plateau: the learning rate drops when a metric has stopped improving."""

from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.core.settings import Hint
from workbench.schedules import Better, ScheduleSettings, register


class PlateauSettings(ScheduleSettings):
    """How long to wait, and how far to drop."""

    kind: Literal["reduce_on_plateau"] = "reduce_on_plateau"
    patience: Annotated[
        int,
        Field(ge=0, le=1000, title="Patience", description="Validations without improvement that are put up with."),
    ] = 3
    remaining: Annotated[
        float, Field(gt=0, lt=1, title="Drops to", description="Part of the rate that each drop leaves.")
    ] = 0.1
    threshold: Annotated[
        float,
        Field(
            ge=0, lt=1, title="Least improvement", description="Smaller changes, as a part of the best, do not count."
        ),
        Hint(advanced=True),
    ] = 1e-4
    final: Annotated[
        float,
        Field(ge=0, le=1, title="Final part", description="The rate never falls below this part of itself."),
        Hint(advanced=True),
    ] = 0.0


class Plateau:
    """The best metric so far, and how many validations ago it was."""

    def __init__(self, settings: PlateauSettings, better: Better = "lower") -> None:
        self.factor = 1.0
        self._settings = settings
        self._better = better
        self._best: float | None = None
        self._waited = 0

    def observe(self, metric: float) -> float:
        """Take the metric of one validation and return the multiplier from now on; infinite or NaN is no gain."""
        if self._improved(metric):
            self._best, self._waited = metric, 0
        else:
            self._waited += 1
        if self._waited > self._settings.patience:
            self._waited = 0
            self.factor = max(self.factor * self._settings.remaining, self._settings.final)
        return self.factor

    def state(self) -> dict[str, Any]:
        """Return plain values from which `restore` goes on."""
        return {"factor": self.factor, "best": self._best, "waited": self._waited}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.factor, self._best, self._waited = state["factor"], state["best"], state["waited"]

    def _improved(self, metric: float) -> bool:
        if not abs(metric) < float("inf"):
            return False
        if self._best is None:
            return True
        if self._better == "lower":
            return metric < self._best * (1 - self._settings.threshold)
        return metric > self._best * (1 + self._settings.threshold)


@register(
    "reduce_on_plateau",
    settings=PlateauSettings,
    title="Reduce on plateau",
    summary="Drops when validation has stopped improving.",
    react=Plateau,
)
def reduce_on_plateau(settings: PlateauSettings, step: int, total: int) -> float:
    """Return 1: the drops come from the metric."""
    return 1.0
