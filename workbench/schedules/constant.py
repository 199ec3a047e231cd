"""Constant: the learning rate stays as it is."""

from typing import Literal

from workbench.schedules import ScheduleSettings, register


class ConstantSettings(ScheduleSettings):
    """How the run begins."""

    kind: Literal["constant"] = "constant"


@register("constant", settings=ConstantSettings, title="Constant", summary="Stays the same from start to end.")
def constant(settings: ConstantSettings, step: int, total: int) -> float:
    """Return 1."""
    return 1.0
