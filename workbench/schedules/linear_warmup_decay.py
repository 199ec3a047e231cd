"""Linear warm-up and decay: rises in a straight line, then falls to zero in another."""

from typing import Literal

from workbench.schedules import ScheduleSettings, Warmup, register


class LinearSettings(ScheduleSettings):
    """How long the warm-up takes."""

    kind: Literal["linear_warmup_decay"] = "linear_warmup_decay"
    warmup: Warmup = 0.1


@register(
    "linear_warmup_decay",
    settings=LinearSettings,
    title="Linear",
    summary="Warms up, then falls in a straight line to zero.",
)
def linear_warmup_decay(settings: LinearSettings, step: int, total: int) -> float:
    """Return the factor of the decay after the warm-up (Devlin et al. 2019, appendix A.2)."""
    return 1 - step / total
