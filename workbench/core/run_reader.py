"""Reading a run folder, live or years later: what is new since the last look, and what state the run is in."""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from workbench.core import events, run_lock
from workbench.core.events import Answered, Event, Failed, Finished, Started, Stopped
from workbench.core.files import read_json
from workbench.core.run_folder import RunFolder
from workbench.core.run_writer import RECORD

State = Literal[
    "queued", "running", "paused", "stopping", "finished", "stopped", "failed", "interrupted", "not responding"
]
LIVE: tuple[State, ...] = ("running", "paused", "stopping", "not responding")
_SILENT_SECONDS = 5.0


@dataclass(frozen=True)
class Batch:
    """What is new: events in order, and scalars as (steps uint32, values float32) by name, which nobody writes into.

    keep_until: when not None, a later attempt began at that step: what was read before beyond it no longer counts.
    """

    events: tuple[Event, ...] = ()
    scalars: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    keep_until: int | None = None

    def __bool__(self) -> bool:
        return bool(self.events or self.scalars or self.keep_until is not None)


class RunReader:
    """Follows a run folder: every `read` returns what has come since the one before."""

    def __init__(self, folder: RunFolder, *, scalars: bool = True) -> None:
        """scalars: read them too; events alone are enough for the state and for a list of runs."""
        self.folder = folder
        self.attempt = 0
        self._begun = 0
        self._ends: dict[str, int] = {}  # the last step of each series that counts
        self._wants_scalars = scalars
        self._offsets: dict[Path, int] = {}
        self._last: Event | None = None
        self._answered = ""
        self._host = ""  # of the attempt that is read: a run may go on elsewhere
        self._beat = ""
        self._beat_seen = time.monotonic()

    def read(self) -> Batch:
        """Return what is new: one continuous history over all attempts, no step twice."""
        happenings: list[Event] = []
        scalars: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        keep_until: int | None = None
        attempts = self.folder.attempts()
        for number in [n for n in attempts if n >= self.attempt]:
            new = self._new_events(self.folder.attempt(number))
            if number > self.attempt:
                if self.attempt and not new:
                    break  # begun, but not yet said from which step
                self.attempt = number
            start = next((event.step for event in new if isinstance(event, Started)), None)
            if start is not None:
                self._begun = number
            if start is not None and number > attempts[0]:
                keep_until = start if keep_until is None else min(keep_until, start)
                scalars = {name: until(series, start) for name, series in scalars.items()}
                self._ends = {name: min(end, start) for name, end in self._ends.items()}
            happenings += new
            if not self._wants_scalars or number > self._begun:
                continue  # scalars count from the step that Started names: they wait for it
            for name, series in self._new_scalars(self.folder.attempt(number)).items():
                if number > attempts[0] and series[0][0] <= self._ends.get(name, -1):
                    series = beyond(series, self._ends[name])  # an epoch that ended twice after the same step
                self._ends[name] = int(series[0][-1]) if len(series[0]) else self._ends[name]
                scalars[name] = joined(scalars[name], series) if name in scalars else series
        for event in happenings:
            self._note(event)
        return Batch(tuple(happenings), {name: s for name, s in scalars.items() if len(s[0])}, keep_until)

    def state(self) -> State:
        """Return what the run is doing, from its events, its lock and its heartbeat; call `read` first."""
        if not self.folder.attempts():
            return "running" if run_lock.is_held(self.folder.lock) else "queued"
        held = run_lock.is_held(self.folder.lock)
        if not held and not self._is_elsewhere():
            if type(self._last) not in _ENDED and self._has_more():
                return "running"  # it ended between that read and this look: the next read brings its last words
            return _ENDED.get(type(self._last), "interrupted")
        if self._last and type(self._last) in _ENDED:
            return _ENDED[type(self._last)]
        if not self._beats():
            return "not responding"
        return "paused" if self._answered == "paused" else "stopping" if self._answered == "stopping" else "running"

    def _is_elsewhere(self) -> bool:
        """Return whether another machine trains this run, whose lock we may not see, and its heart still beats."""
        known = read_json(self.folder.environment, {})
        host = self._host or (str(known.get("host", "")) if isinstance(known, dict) else "")
        return bool(host) and host != this_host() and type(self._last) not in _ENDED and self._beats()

    def _has_more(self) -> bool:
        """Return whether whole lines wait to be read."""
        newest = self.folder.attempts()[-1]
        path = self.folder.attempt(newest) / "events.jsonl"
        try:
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                return b"\n" in file.read()
        except OSError:
            return False

    def _beats(self) -> bool:
        try:
            beat = self.folder.heartbeat.read_text()
        except OSError:
            beat = ""
        now = time.monotonic()
        if beat != self._beat:
            self._beat, self._beat_seen = beat, now
        return now - self._beat_seen < _SILENT_SECONDS

    def _note(self, event: Event) -> None:
        self._last = event
        if isinstance(event, Answered):
            self._answered = event.state
        elif isinstance(event, Started):
            self._answered = ""
            self._host = event.host

    def _new_events(self, attempt: Path) -> list[Event]:
        lines = self._new_lines(attempt / "events.jsonl").decode("utf-8", "replace").splitlines()
        return [event for event in map(events.from_line, lines) if event is not None]

    def _new_scalars(self, attempt: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for path in (attempt / "scalars").glob("*.bin"):
            records = self._new_records(path)
            if len(records):
                found[path.stem] = records["step"], records["value"]  # not copied: ten million are read in a moment
        return found

    def _new_lines(self, path: Path) -> bytes:
        """Return what was appended, up to the last whole line; the rest waits."""
        offset = self._offsets.get(path, 0)
        try:
            with path.open("rb") as file:
                file.seek(offset)
                new = file.read()
        except OSError:
            return b""
        size = new.rfind(b"\n") + 1
        self._offsets[path] = offset + size
        return new[:size]

    def _new_records(self, path: Path) -> np.ndarray:
        """Return the whole records that were appended; a part of one waits for its rest."""
        offset = self._offsets.get(path, 0)
        try:
            records = np.fromfile(path, RECORD, offset=offset)
        except OSError:
            return np.empty(0, RECORD)
        self._offsets[path] = offset + records.nbytes
        return records


def until(series: tuple[np.ndarray, np.ndarray], step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of (steps, values) that is not beyond `step`."""
    kept = series[0] <= step
    return series[0][kept], series[1][kept]


def beyond(series: tuple[np.ndarray, np.ndarray], step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of (steps, values) that is beyond `step`."""
    kept = series[0] > step
    return series[0][kept], series[1][kept]


def joined(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the two series as one."""
    return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])


def whole_history(folder: RunFolder) -> tuple[Batch, State]:
    """Return everything a run has written, and its state."""
    reader = RunReader(folder)
    batch = reader.read()
    return batch, reader.state()


def this_host() -> str:
    """Return the name of this machine, as runs record it."""
    return platform.node()


def seconds_between(folder: RunFolder) -> float:
    """Return how long the run has trained over all its attempts, in seconds."""
    total = 0.0
    for number in folder.attempts():
        try:
            lines = (folder.attempt(number) / "events.jsonl").read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        times = [at for line in lines if (at := events.time_of(line))]
        last = events.from_line(lines[-1]) if lines else None
        if isinstance(last, Finished | Stopped | Failed) and last.seconds:
            total = last.seconds  # by its own, monotonic clock, which goes on from attempt to attempt
        elif times:
            total += max(times[-1] - times[0], 0.0)
    return total


_ENDED: dict[type | None, State] = {Finished: "finished", Stopped: "stopped", Failed: "failed"}
