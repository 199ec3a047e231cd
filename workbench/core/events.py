"""What happens in a run, as frozen values: a trainer yields them, a run folder keeps them, a window shows them.

On disk an event is one line of JSON: {"event": name, "time": UTC, …fields}. Floats that are not finite are written
as "nan", "inf" and "-inf". Every training ends with exactly one of `Ending`.
"""

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from workbench.core import words
from workbench.core.words import Words


@dataclass(frozen=True)
class Started:
    """An attempt begins at `step`, from the checkpoint `parent`, from which the `changed` settings differ.

    An empty parent means new weights. privacy: of a private training, what may be spent: {epsilon, delta}.
    """

    attempt: int
    step: int
    epoch: int
    epochs: int
    steps_per_epoch: int
    total_steps: int
    samples: int
    parameters: int
    device: str
    parent: str = ""
    changed: Mapping[str, Any] = field(default_factory=dict)
    host: str = ""
    pid: int = 0
    privacy: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Preparing:
    """Work before the first step: `done` of `total` (0: unknown) in this stage."""

    stage: Words
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class StepsDone:
    """Scalars of steps: name to (steps uint32, values float32), both (n,). Kept in scalars/, not in events.jsonl."""

    step: int
    scalars: Mapping[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class EpochDone:
    """The epoch, counted from 1, is over; metrics by name (training_loss, validation_accuracy, …).

    best: none before it gave a better model, which is saved as soon as there is time for it.
    """

    epoch: int
    step: int
    metrics: Mapping[str, float]
    seconds: float
    best: bool = False


@dataclass(frozen=True)
class CheckpointSaved:
    """A checkpoint that training can go on from lies in the folder of this name under checkpoints/."""

    name: str
    step: int
    epoch: int
    seconds: float


@dataclass(frozen=True)
class ModelSaved:
    """A model complete for inference lies in the folder of this name under models/."""

    name: str
    step: int
    epoch: int
    best: bool
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Answered:
    """The trainer heard the wish of this number and is now in `state`: running, paused or stopping."""

    number: int
    state: str


@dataclass(frozen=True)
class Warned:
    """Something a person should know, that does not end the run. level: a note says that all is as it was meant."""

    message: Words
    step: int = 0
    level: Literal["note", "warning"] = "warning"


@dataclass(frozen=True)
class Finished:
    """Training came to its own end: all epochs, or early for `reason`."""

    step: int
    epoch: int
    seconds: float
    metrics: Mapping[str, float]
    reason: Words = Words("")


@dataclass(frozen=True)
class Stopped:
    """A person stopped the training; what was learned is kept."""

    step: int
    epoch: int
    seconds: float
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Failed:
    """Training could not go on; `error` is a UserError as plain values. diverged: its numbers are no longer finite."""

    step: int
    error: Mapping[str, Any]
    seconds: float = 0.0
    diverged: bool = False


Ending = Finished | Stopped | Failed
Event = Started | Preparing | StepsDone | EpochDone | CheckpointSaved | ModelSaved | Answered | Warned | Ending

_KINDS: dict[str, type] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind
    for kind in (
        Started, Preparing, EpochDone, CheckpointSaved, ModelSaved, Answered, Warned, Finished, Stopped, Failed,
    )
}  # fmt: skip
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_line(event: Event) -> str:
    """Return the event as one line of JSON, without the line's end."""
    fields = {item.name: finite(getattr(event, item.name)) for item in dataclasses.fields(event)}
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"event": _NAMES[type(event)], "time": now, **fields}, ensure_ascii=False, allow_nan=False)


def from_line(line: str) -> Event | None:
    """Return the event of a line, or None for one that this version does not know or that is damaged."""
    try:
        plain = json.loads(line)
        kind = _KINDS.get(plain["event"])
        if kind is None:
            return None
        known = {item.name: plain[item.name] for item in dataclasses.fields(kind) if item.name in plain}
        for name in ("message", "reason", "stage"):
            if name in known:
                known[name] = words.from_plain(known[name])
        for name in ("metrics",):
            if name in known:
                known[name] = {key: float(value) for key, value in known[name].items()}
        return kind(**known)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def time_of(line: str) -> float:
    """Return when the event of a line happened, in seconds since 1970 (UTC), or 0.0 for a damaged line."""
    try:
        return datetime.fromisoformat(json.loads(line)["time"]).timestamp()
    except (ValueError, TypeError, KeyError):
        return 0.0


def finite(value: Any) -> Any:
    """Return `value` fit for strict JSON: Words as plain values, and floats that are not finite as texts."""
    match value:
        case Words():
            return finite(words.to_plain(value))
        case float() if not math.isfinite(value):
            return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        case Mapping():
            return {name: finite(inner) for name, inner in value.items()}
        case list() | tuple():
            return [finite(inner) for inner in value]
        case _:
            return value
