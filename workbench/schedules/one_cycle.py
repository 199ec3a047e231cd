"""One cycle: rises to the full rate, then falls far below where it began."""

from math import cos, pi
from typing import Annotated, Literal

from pydantic import Field

from workbench.core.settings import Hint, Settings
from workbench.schedules import register


class OneCycleSettings(Settings):
    """How long the rise takes, where it begins and where the fall ends."""

    kind: Literal["one_cycle"] = "one_cycle"
    rise: Annotated[
        float, Field(gt=0, lt=1, title="Rise", description="Part of the run in which the learning rate rises.")
    ] = 0.3
    start_divisor: Annotated[
        float,
        Field(
            ge=1, le=1e6, title="Starts below by", description="The run begins at the learning rate divided by this."
        ),
        Hint(log=True, advanced=True),
    ] = 25.0
    end_divisor: Annotated[
        float,
        Field(ge=1, le=1e9, title="Ends below by", description="The run ends at its first rate divided by this."),
        Hint(log=True, advanced=True),
    ] = 1e4


@register("one_cycle", settings=OneCycleSettings, title="One cycle", summary="Rises, then falls to almost nothing.")
def one_cycle(settings: OneCycleSettings, step: int, total: int) -> float:
    """Return the factor of the one-cycle policy (Smith and Topin 2018), with a cosine for rise and fall."""
    peak = max(settings.rise * total - 1, 0.0)
    start = 1 / settings.start_divisor
    if step <= peak and peak > 0:
        return _between(start, 1.0, step / peak)
    return _between(1.0, start / settings.end_divisor, (step - peak) / max(total - 1 - peak, 1.0))


def _between(first: float, last: float, part: float) -> float:
    return last + (first - last) * (1 + cos(pi * part)) / 2
