"""Cosine: falls slowly, then fast, then slowly again."""

from math import cos, pi
from typing import Annotated, Literal

from pydantic import Field

from workbench.schedules import ScheduleSettings, register


class CosineSettings(ScheduleSettings):
    """How the run begins and where it ends."""

    kind: Literal["cosine"] = "cosine"
    final: Annotated[
        float, Field(ge=0, le=1, title="Final part", description="Part of the learning rate that is left at the end.")
    ] = 0.0


@register("cosine", settings=CosineSettings, title="Cosine", summary="Falls along half a cosine. Good for most runs.")
def cosine(settings: CosineSettings, step: int, total: int) -> float:
    """Return the factor of cosine annealing without restarts (Loshchilov and Hutter 2017, eq. 5)."""
    return settings.final + (1 - settings.final) * (1 + cos(pi * step / total)) / 2
