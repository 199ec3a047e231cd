"""Every n-th write, sync and rename of a training fails, once and from then on: what was saved before stays open."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.robustness.goal import Found, Goal
from tests.robustness.storage import ended, forked, queued, result, trained_in_fork
from workbench.core import run_writer
from workbench.core.errors import UserError
from workbench.core.events import CheckpointSaved, Event, Failed
from workbench.core.run_folder import RunFolder
from workbench.core.run_index import RunIndex
from workbench.core.run_reader import whole_history
from workbench.training import tensors
from workbench.training.checkpoint import load_checkpoint
from workbench.training.worker import train_run

_PLACES: tuple[tuple[Any, str], ...] = (
    (os, "fsync"),
    (os, "replace"),
    (os, "rename"),
    (Path, "write_text"),
    (tensors, "save_file"),
    (run_writer, "_write_whole"),
)


class Failing:
    """Lets the n-th call to any of the places fail, once or from then on; 0 fails none and only counts."""

    def __init__(self, number: int, *, forever: bool) -> None:
        self.number, self.forever = number, forever
        self.calls = 0

    def install(self) -> None:
        """Patch the places in this process, for good: it is a fork."""
        for holder, name in _PLACES:
            setattr(holder, name, self._wrapped(getattr(holder, name)))

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self.calls += 1
            if self.number and (self.calls == self.number or (self.forever and self.calls > self.number)):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(*args, **named)

        return call


def trained_with(failing: Failing, folder: RunFolder, notes: Path) -> dict[str, Any]:
    """Train in a fork with the shim; return how many calls there were and what the window would have shown."""

    def work() -> None:
        write = Path.write_text
        shown: list[str] = []

        def hear(event: Event) -> None:
            if isinstance(event, Failed):
                shown.append(UserError.from_plain(dict(event.error)).translated())

        failing.install()
        try:
            train_run(folder, on_event=hear)
        except (OSError, UserError) as error:  # it could not even begin
            shown.append(str(error))
        write(notes, json.dumps({"calls": failing.calls, "shown": shown}))

    notes.unlink(missing_ok=True)
    code = ended(forked(work))
    return {"code": code, **(json.loads(notes.read_text()) if notes.exists() else {"calls": 0, "shown": []})}


def _try(times: int, seed: int, place: Path) -> Found:
    found = Found()
    train_run(queued(place / "warm"))
    whole = queued(place / "whole")
    calls = trained_with(Failing(0, forever=False), whole, place / "notes.json")["calls"]
    wanted = result(whole)
    found.figures = {"writes of a run": str(calls)}
    for attempt in range(times):
        number, forever = attempt // 2 % calls + 1, bool(attempt % 2)
        folder = queued(place / "runs")
        heard = trained_with(Failing(number, forever=forever), folder, place / "notes.json")
        found.tried += 1
        wrong = _what_is_wrong(folder, heard, wanted)
        if wrong:
            found.failures.append(f"call {number}, {'forever' if forever else 'once'}: {wrong}")
        shutil.rmtree(folder.path)
    return found


def _what_is_wrong(folder: RunFolder, heard: dict[str, Any], wanted: str) -> str:
    history, state = whole_history(folder)
    if heard["code"]:
        return f"the trainer ended with {heard['code']}"
    if state != "finished" and not any(os.strerror(errno.EIO) in text for text in heard["shown"]):
        return f"the cause was not said: {heard['shown']}"
    if state in ("running", "not responding"):
        return f"the state is {state}"
    for event in history.events:
        if isinstance(event, CheckpointSaved) and event.name in {path.name for path in folder.newest_checkpoints()}:
            load_checkpoint(folder.checkpoints / event.name)
    index = RunIndex(folder.path.parent)
    index.refresh()
    listed = [row.name for row in index.rows()]
    index.close()
    if folder.name not in listed:
        return "the index does not list it"
    if trained_in_fork(folder):
        return "it could not be resumed"
    return "" if result(folder) == wanted else "resumed, it has other weights"


GOAL = Goal("Every n-th write, sync and rename failing", 6, 1600, _try)
