"""The list of runs as the window keeps it: always fresh, never in the way, and deleting can be taken back."""

import shutil
import time
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.core import run_lock
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder, all_runs, discard
from workbench.core.run_index import Refreshed, RunIndex
from workbench.core.run_reader import LIVE
from workbench.core.run_summary import RunSummary

_PAUSE_MILLISECONDS = 1_500  # between two looks at the folders
_SLICE_SECONDS = 0.008  # of looking, before the window may draw again
_TRASH_DAYS = 30


class RunList(QObject):
    """Looks at the run folders in small slices and tells what has changed."""

    changed = Signal(object)  # every RunSummary, newest first
    live_found = Signal(object)  # RunFolder that somebody trains
    known = Signal()  # every folder has been looked at once
    rebuilt = Signal(int)  # a damaged index was replaced; number of runs

    def __init__(self, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runs = runs
        self._index: RunIndex | None = None
        self._scan: Iterator[Refreshed] | None = None
        self._found = Refreshed()
        self._first = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    def start(self) -> None:
        """Open the index, tell of the runs that train now, and begin to look at all of them."""
        self._index = RunIndex(self.runs)
        for folder in all_runs(self.runs):
            if run_lock.is_held(folder.lock):
                self.live_found.emit(folder)
        _empty_trash(self.runs / ".trash", date.today() - timedelta(days=_TRASH_DAYS))
        self.changed.emit(self.rows())
        self._timer.start(0)

    def stop(self) -> None:
        """Look no more and let go of the index."""
        self._timer.stop()
        if self._index is not None:
            self._index.close()
            self._index = None

    def rows(self, search: str = "") -> list[RunSummary]:
        """Return the runs in which every word of `search` occurs, newest first."""
        return self._index.rows(search) if self._index else []

    def row(self, name: str) -> RunSummary | None:
        """Return one run, or None."""
        return self._index.row(name) if self._index else None

    def folder(self, name: str) -> RunFolder:
        """Return the folder of the run called `name`."""
        return RunFolder(self.runs / name)

    def look_again(self, name: str) -> None:
        """Read one run now: something is known to have happened to it."""
        if self._index is not None:
            self._index.update(name)
            self.changed.emit(self.rows())

    def write_notes(self, name: str, /, **changed: Any) -> None:
        """Change name, tags or note of a run; raises UserError when its folder cannot be written."""
        try:
            self.folder(name).write_notes(**changed)
        except OSError as error:
            raise _not_written(self.folder(name).path, error) from error
        self.look_again(name)

    def discard(self, names: Iterable[str]) -> list[Path]:
        """Move runs to the trash and return where they lie there; raises UserError when one is trained or stays put."""
        moved: list[Path] = []
        for name in names:
            folder = self.folder(name)
            if run_lock.is_held(folder.lock):
                raise UserError("{name} is being trained.", hint="Stop it first, then delete it.", name=name)
            try:
                moved.append(discard(folder, self.runs / ".trash" / date.today().isoformat()))
            except OSError as error:
                raise _not_written(folder.path, error) from error
            self.look_again(name)
        return moved

    def bring_back(self, places: Iterable[Path]) -> None:
        """Take runs out of the trash; raises UserError when that fails."""
        for place in places:
            try:
                shutil.move(place, self.runs / place.name)
            except OSError as error:
                raise _not_written(self.runs / place.name, error) from error
            self.look_again(place.name)

    def _go_on(self) -> None:
        """Look at as many folders as fit into a slice."""
        if self._index is None:
            return
        self._scan = self._scan or self._index.refreshing()
        end = time.monotonic() + _SLICE_SECONDS
        while time.monotonic() < end:
            found = next(self._scan, None)
            if found is None:
                self._tell(self._found)
                self._scan = None
                self._timer.start(_PAUSE_MILLISECONDS)
                return
            self._found = found
        self._timer.start(1)

    def _tell(self, found: Refreshed) -> None:
        assert self._index
        rows = self._index.rows() if found else []
        if found:
            self.changed.emit(rows)
        for row in rows:
            if row.name in found.changed and row.state in LIVE:
                self.live_found.emit(self.folder(row.name))
        if self._first:
            self._first = False
            self.known.emit()
            if self._index.rebuilt:
                self.rebuilt.emit(len(self._index.rows()))


def _empty_trash(trash: Path, before: date) -> None:
    """Remove for good what was thrown away before that day; each day has a folder of its own."""
    for day in trash.glob("????-??-??"):
        try:
            old = date.fromisoformat(day.name) < before
        except ValueError:
            continue
        if old:
            shutil.rmtree(day, ignore_errors=True)


def _not_written(path: Path, error: OSError) -> UserError:
    return UserError(
        "{path} cannot be changed: {reason}.",
        hint="Give yourself the right to write there.",
        path=str(path),
        reason=error.strerror or str(error),
    )
