"""Step: the learning rate drops at chosen points of the run."""

from typing import Annotated, Literal

from pydantic import Field

from workbench.schedules import ScheduleSettings, register


class StepSettings(ScheduleSettings):
    """Where the rate drops, and how far."""

    kind: Literal["step"] = "step"
    drops: Annotated[
        tuple[Annotated[float, Field(gt=0, lt=1)], ...],
        Field(
            min_length=1,
            max_length=64,
            title="Drops at",
            description="Parts of the run after which the rate drops: 0.5 is half-way.",
        ),
    ] = (0.5, 0.75)
    remaining: Annotated[
        float, Field(gt=0, lt=1, title="Drops to", description="Part of the rate that each drop leaves.")
    ] = 0.1


@register("step", settings=StepSettings, title="Step decay", summary="Drops at chosen points of the run.")
def step(settings: StepSettings, step: int, total: int) -> float:
    """Return the factor of a step decay: by default a tenth at half and again at three quarters (He et al. 2016)."""
    return settings.remaining ** sum(step >= part * total for part in settings.drops)
