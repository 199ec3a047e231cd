"""Schedules: one per file, each a pure function from the step to a multiplier of the learning rate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import Field

from workbench.core.registry import Registry
from workbench.core.settings import Settings
from workbench.core.words import mark

Warmup = Annotated[
    float,
    Field(
        ge=0,
        le=0.9,
        title="Warm-up",
        description="Part of the run in which the learning rate rises from near zero to its full value.",
    ),
]
Better = Literal["higher", "lower"]
Shape = TypeVar("Shape", bound=Callable[..., float])


class ScheduleSettings(Settings):
    """What every schedule begins with; one that rises by itself extends Settings instead."""

    warmup: Warmup = 0.0


class Reaction(Protocol):
    """What a schedule remembers that answers to a metric."""

    factor: float

    def observe(self, metric: float) -> float:
        """Take the metric of one validation and return the multiplier from now on."""
        ...

    def state(self) -> dict[str, Any]:
        """Return plain values from which `restore` goes on."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        ...


@dataclass(frozen=True)
class Schedule:
    """One course of the learning rate; `react` makes the Reaction of one that answers to a metric."""

    kind: str
    settings: type[Settings]
    shape: Callable[[Any, int, int], float]
    title: str
    summary: str
    react: Callable[[Any, Better], Reaction] | None = None

    @property
    def reacts(self) -> bool:
        """Whether the learning rate also depends on a metric, so that it cannot be drawn in advance."""
        return self.react is not None

    def factor(self, settings: Settings, step: int, total: int) -> float:
        """Return the multiplier of the learning rate at 0 <= step < total: the warm-up first, then the shape."""
        warmup = round(getattr(settings, "warmup", 0.0) * total)
        if step < warmup:
            return (step + 1) / warmup
        return self.shape(settings, step - warmup, total - warmup)

    def reaction(self, settings: Settings, better: Better = "lower") -> Reaction | None:
        """Return what multiplies `factor` further as metrics come in, or None; better: which way is up."""
        return self.react(settings, better) if self.react else None


schedules = Registry[Schedule]("workbench.schedules", mark("schedule"))


def register(
    kind: str,
    *,
    settings: type[Settings],
    title: str,
    summary: str,
    react: Callable[[Any, Better], Reaction] | None = None,
) -> Callable[[Shape], Shape]:
    """Register what is decorated, called as (settings, step, total) after the warm-up, as the schedule `kind`."""

    def decorate(shape: Shape) -> Shape:
        schedules.add(kind, Schedule(kind, settings, shape, title, summary, react))
        return shape

    return decorate


def factor(settings: Any, step: int, total: int) -> float:
    """Return the multiplier of the learning rate at 0 <= step < total under `settings` of any registered kind."""
    return schedules[settings.kind].factor(settings, step, total)


def reaction(settings: Any, better: Better = "lower") -> Reaction | None:
    """Return what `settings` remember if they answer to a metric, else None."""
    return schedules[settings.kind].reaction(settings, better)
