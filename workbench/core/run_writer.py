"""The one writer of a run folder: takes the lock, keeps events and scalars, and shows that it is alive."""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from workbench.core import events, run_lock
from workbench.core.errors import UserError
from workbench.core.events import Ending, Event, StepsDone
from workbench.core.files import sync_folder, write_json
from workbench.core.run_folder import RunFolder

RECORD = np.dtype([("step", "<u4"), ("value", "<f4")])
_HEARTBEAT_SECONDS = 1.0
_LOCK_SECONDS = 3.0  # a reader that looks whether we live holds the lock for a moment


class RunWriter:
    """Holds a run's lock and writes its newest attempt, as a context manager.

    Raises UserError on entering when another process trains this run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.attempt = 0
        self._lock: IO[bytes] | None = None
        self._events: IO[bytes] | None = None
        self._torn = False  # whether the last line may be half a line
        self._scalars: dict[str, IO[bytes]] = {}
        self._beating = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "RunWriter":
        deadline = time.monotonic() + _LOCK_SECONDS
        while (lock := run_lock.take(self.folder.lock)) is None:
            if time.monotonic() > deadline:
                raise UserError(
                    "{name} is being trained by another process.",
                    hint="Wait until it ends, or stop it first.",
                    name=self.folder.name,
                )
            time.sleep(0.05)
        self._lock = lock
        self.attempt = (self.folder.attempts() or [0])[-1] + 1
        place = self.folder.attempt(self.attempt)
        (place / "scalars").mkdir(parents=True)
        self._events = (place / "events.jsonl").open("ab", buffering=0)
        sync_folder(place.parent)
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._beating.set()
        if self._thread:
            self._thread.join()
        for file in (*self._scalars.values(), self._events, self._lock):
            if file:
                file.close()

    def write_environment(self, plain: Mapping[str, Any]) -> None:
        """Keep versions, device, host and command of the first attempt."""
        if not self.folder.environment.exists():
            write_json(self.folder.environment, plain)

    def write(self, event: Event) -> None:
        """Append the event; endings and checkpoints are synced to the disk before this returns."""
        assert self._events, "a writer writes only inside its with statement"
        if isinstance(event, StepsDone):
            for name, (steps, values) in event.scalars.items():
                self._append(name, steps, values)
            return
        line = events.to_line(event) + "\n"
        torn, self._torn = self._torn, True
        _write_whole(self._events, (("\n" if torn else "") + line).encode())
        self._torn = False
        if isinstance(event, Ending | events.CheckpointSaved | events.ModelSaved | events.Started):
            for file in self._scalars.values():
                os.fsync(file.fileno())
            os.fsync(self._events.fileno())

    def _append(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        file = self._scalars.get(name)
        if file is None:
            path = self.folder.attempt(self.attempt) / "scalars" / f"{name}.bin"
            file = self._scalars[name] = path.open("ab", buffering=0)
        records = np.empty(len(steps), RECORD)
        records["step"], records["value"] = steps, values
        _write_whole(file, records.tobytes())

    def _beat(self) -> None:
        """Write a rising counter: a reader elsewhere sees by it that we live."""
        count = 0
        with _open_counter(self.folder.heartbeat) as file:
            while not self._beating.wait(_HEARTBEAT_SECONDS if count else 0):
                count += 1
                os.lseek(file.fileno(), 0, os.SEEK_SET)
                with suppress(OSError):  # a folder that cannot be written now may be there again in a second
                    file.write(f"{count:012d}\n".encode())


def _write_whole(file: IO[bytes], data: bytes) -> None:
    """Write all of it: without a buffer, a disk that fills up takes a part and says nothing."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def recorded(happenings: Iterable[Event], writer: RunWriter) -> Iterator[Event]:
    """Keep each event in the run folder, then pass it on."""
    for event in happenings:
        writer.write(event)
        yield event


def _open_counter(path: Path) -> IO[bytes]:
    path.touch()
    return path.open("r+b", buffering=0)
