"""What a list of runs says about one: read from its folder, without its scalars."""

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core import events, run_lock
from workbench.core.events import EpochDone, Event, Failed, Finished, ModelSaved, Started
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import RunReader, State, seconds_between
from workbench.core.run_writer import RECORD

# Settings of the training that mean something only for the machine and the data they were measured with.
_MEASURED = ("device", "precision", "threads", "memory_layout", "compile", "cuda_graphs")


@dataclass(frozen=True)
class RunSummary:
    """One run of a list.

    data: name of the sample, file or folder. architecture: its kind. metric, value: the validation metric that counts
    and its value for the best model, that of `best_epoch`; `epoch` epochs are done. started: seconds since 1970 (UTC).
    seconds: how long it trained. error: of a failed run, as JSON.
    """

    name: str
    path: str
    title: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    state: State = "queued"
    data: str = ""
    architecture: str = ""
    metric: str = ""
    value: float | None = None
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    parameters: int = 0
    seconds: float = 0.0
    started: float = 0.0
    has_model: bool = False
    error: str = ""
    best_epoch: int = 0

    @property
    def shown(self) -> str:
        """The name a person gave it, or else the folder's without its date: "convnet-digits k3f9"."""
        parts = self.name.split("_")
        return self.title or (" ".join(parts[2:]) if len(parts) > 3 else self.name)

    def to_plain(self) -> dict[str, Any]:
        """Return plain values by name, with `shown` among them."""
        return {**asdict(self), "tags": list(self.tags), "shown": self.shown}

    def to_row(self) -> tuple[Any, ...]:
        """Return the values as SQLite keeps them (a NaN as text); `from_row` is the way back."""
        values = asdict(self)
        values["tags"] = json.dumps(self.tags, ensure_ascii=False)
        values["value"], values["has_model"] = events.finite(self.value), int(self.has_model)
        return tuple(_storable(value) for value in values.values())

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> "RunSummary":
        """Return the summary that `to_row` described."""
        values = dict(zip(COLUMNS, row, strict=True))
        values["tags"] = tuple(json.loads(values["tags"]))
        values["value"] = None if values["value"] is None else float(values["value"])
        values["has_model"] = bool(values["has_model"])
        return cls(**values)

    def words(self) -> str:
        """Return what a search looks through."""
        return " ".join(
            (self.title, self.name, self.data, self.architecture, self.state, self.note, *self.tags)
        ).casefold()


COLUMNS = tuple(item.name for item in fields(RunSummary))


def summarise(folder: RunFolder) -> RunSummary:
    """Return the summary of a run as it is now."""
    reader = RunReader(folder, scalars=False)
    happenings = reader.read().events
    notes, recipe = folder.notes(), recipe_of(folder)
    training = _group(recipe, "training")
    start = next((event for event in reversed(happenings) if isinstance(event, Started)), None)
    metrics = best_metrics(happenings)
    metric = headline(metrics)
    last = happenings[-1] if happenings else None
    return RunSummary(
        name=folder.name,
        path=str(folder.path),
        title=str(notes["name"]),
        tags=tuple(str(tag) for tag in notes["tags"]) if isinstance(notes["tags"], list) else (),
        note=str(notes["note"]),
        state=reader.state(),
        data=data_name(_group(recipe, "data")),
        architecture=str(_group(recipe, "architecture").get("kind", "")),
        metric=metric,
        value=metrics.get(metric),
        epoch=next((event.epoch for event in reversed(happenings) if isinstance(event, EpochDone | Finished)), 0),
        epochs=start.epochs if start else _whole(training.get("epochs")),
        step=last_step(folder, happenings),
        steps=start.total_steps if start else 0,
        parameters=start.parameters if start else 0,
        seconds=seconds_between(folder),
        started=_started(folder),
        has_model=folder.best_model() is not None,
        error=json.dumps(events.finite(last.error), ensure_ascii=False) if isinstance(last, Failed) else "",
        best_epoch=best.epoch if (best := _best_model(happenings)) else 0,
    )


def signature(folder: RunFolder) -> str:
    """Return a text that changes when what `summarise` returns may have changed; a thousand of them are cheap."""
    path = os.fspath(folder.path)
    places = [path, f"{path}/models"]  # what is replaced in a folder changes the folder's time
    try:
        newest = max((name for name in os.listdir(f"{path}/attempts") if name.isdigit()), key=int, default="")
        places.append(f"{path}/attempts/{newest}/events.jsonl")
    except OSError:
        newest = ""  # queued: it has no attempts yet
    held = bool(newest) and run_lock.is_held(folder.lock)
    return f"{newest} {'held' if held else 'free'} " + " ".join(map(_stamp, places))


def recipe_of(folder: RunFolder) -> dict[str, Any]:
    """Return the run's recipe as plain values: the resolved one, else what was asked for, else nothing."""
    return next((plain for path in (folder.recipe, folder.asked) if (plain := _read_toml(path)) is not None), {})


def asked_of(folder: RunFolder) -> dict[str, Any]:
    """Return the run's recipe for another run to begin with: what was measured is left open again as it was asked for.

    Without what was asked for, all that can be measured is left out.
    """
    recipe = recipe_of(folder)
    asked = _group(_read_toml(folder.asked) or {}, "training")
    training = {name: value for name, value in _group(recipe, "training").items() if name not in _MEASURED}
    return {**recipe, "training": {**training, **{name: asked[name] for name in _MEASURED if name in asked}}}


def data_name(data: Mapping[str, Any]) -> str:
    """Return what the data of a recipe are called: the sample's name, the file's or folder's, else the kind."""
    path = str(data.get("path", ""))
    return str(data.get("name", "")) or (Path(path).stem if path else "") or str(data.get("kind", ""))


def headline(metrics: Mapping[str, float]) -> str:
    """Return the name of the validation metric that counts: the task's own before the loss, or an empty text."""
    known = [name for name in metrics if name.startswith("validation_")]
    return next((name for name in known if name != "validation_loss"), next(iter(known), ""))


def best_metrics(happenings: Sequence[Event]) -> Mapping[str, float]:
    """Return the metrics of the best model so far, else those of the last epoch."""
    best = _best_model(happenings)
    last = next((event for event in reversed(happenings) if isinstance(event, EpochDone)), None)
    return best.metrics if best and best.metrics else last.metrics if last else {}


def _best_model(happenings: Sequence[Event]) -> ModelSaved | None:
    return next((event for event in reversed(happenings) if isinstance(event, ModelSaved) and event.best), None)


def last_step(folder: RunFolder, happenings: Sequence[Event]) -> int:
    """Return the last step on record: from the newest attempt's losses, else from its events."""
    for number in reversed(folder.attempts()):
        path = folder.attempt(number) / "scalars" / "training_loss.bin"
        try:
            with path.open("rb") as file:
                whole = file.seek(0, 2) // RECORD.itemsize
                if whole:
                    file.seek((whole - 1) * RECORD.itemsize)
                    return int(np.frombuffer(file.read(RECORD.itemsize), RECORD)["step"][0])
        except OSError:
            continue
    return next((step for event in reversed(happenings) if (step := getattr(event, "step", 0))), 0)


def _started(folder: RunFolder) -> float:
    for number in folder.attempts()[:1]:
        try:
            with (folder.attempt(number) / "events.jsonl").open(encoding="utf-8", errors="replace") as file:
                if at := events.time_of(file.readline()):
                    return at
        except OSError:
            break
    try:
        return (folder.asked if folder.asked.is_file() else folder.path).stat().st_mtime
    except OSError:
        return 0.0


def _read_toml(path: Path) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None


def _group(recipe: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    group = recipe.get(name)
    return group if isinstance(group, Mapping) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _storable(value: object) -> Any:
    """SQLite refuses half of a surrogate pair, which names of files may have."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _stamp(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError:
        return "-"
    return f"{status.st_mtime_ns}:{status.st_size}"
