"""The index of runs: a cache in SQLite over the run folders, so that a thousand runs are listed and searched at once.

Everything in it is in the folders too: delete it, or damage it, and it is built again. The window alone writes it.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import run_summary
from workbench.core.run_folder import RunFolder, all_runs, is_run
from workbench.core.run_summary import COLUMNS, RunSummary, summarise

_VERSION = 2  # of the table; an index of another version is built anew
_LISTED = ", ".join(COLUMNS)
_KEPT = (*COLUMNS, "words", "signature", "checksum")
_INSERT = f"INSERT OR REPLACE INTO runs ({', '.join(_KEPT)}) VALUES ({', '.join('?' * len(_KEPT))})"
_AT_ONCE = 50  # runs that are written in one transaction
_OF_THE_PLACE = (
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM,
)  # fmt: skip
_SETUP = ("synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "mmap_size=0", "trusted_schema=OFF")


@dataclass(frozen=True)
class Refreshed:
    """What a look at the folders found: runs that are new or changed, and runs that are gone."""

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


class RunIndex:
    """Lists the runs of one folder; close it when done.

    rebuilt: an index was there but was damaged; it lies beside the new one, its name ending in .damaged.
    in_memory: there was no place to write an index, so this one lasts as long as the window.
    """

    def __init__(self, runs: Path, place: Path | None = None) -> None:
        """place: the file of the index; runs.sqlite3 in the folder of runs when not given."""
        self.runs = runs
        self.path = place or runs / "runs.sqlite3"
        self.rebuilt = False
        self.in_memory = False
        self._signatures: dict[str, str] = {}
        self._db = self._open()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def refresh(self) -> Refreshed:
        """Look at every run folder, and read again those that have changed."""
        found = Refreshed()
        for found in self.refreshing():  # noqa: B007 - the last one is the result
            pass
        return found

    def refreshing(self) -> Iterator[Refreshed]:
        """Do the same in small steps, so that a window can go on between them; the last value is the result."""
        changed: list[str] = []
        waiting: list[tuple[RunSummary, str]] = []
        names = set()
        for folder in all_runs(self.runs):
            names.add(folder.name)
            signature = run_summary.signature(folder)
            if signature != self._signatures.get(folder.name):
                waiting.append((summarise(folder), signature))
                changed.append(folder.name)
            if len(waiting) >= _AT_ONCE:
                self._keep(waiting)
                waiting = []
            yield Refreshed(tuple(changed[: len(changed) - len(waiting)]))
        gone = tuple(name for name in self._signatures if name not in names)
        self._keep(waiting)
        for name in gone:
            self._forget(name)
        yield Refreshed(tuple(changed), gone)

    def update(self, name: str) -> None:
        """Read one run again now, or drop it when its folder is gone."""
        folder = RunFolder(self.runs / name)
        if is_run(folder.path):
            self._keep([(summarise(folder), run_summary.signature(folder))])
        else:
            self._forget(name)

    def rows(self, search: str = "", sort: str = "started", *, descending: bool = True) -> list[RunSummary]:
        """Return the runs in which every word of `search` occurs, in order of the column `sort`; unknown values last.

        A search looks at title, folder, data, architecture, state, note and tags.
        """
        if sort not in COLUMNS:
            raise ValueError(f"runs have no column {sort!r}")
        words = search.casefold().split()
        condition = " AND ".join(["words LIKE ? ESCAPE '\\'"] * len(words)) or "1"
        column = "coalesce(nullif(title, ''), name) COLLATE NOCASE" if sort == "title" else sort
        order = f"{column} {'DESC' if descending else 'ASC'} NULLS LAST, name DESC"
        query = f"SELECT {_LISTED} FROM runs WHERE {condition} ORDER BY {order}"
        return [RunSummary.from_row(row) for row in self._ask(query, [f"%{_escaped(word)}%" for word in words])]

    def row(self, name: str) -> RunSummary | None:
        """Return one run, or None."""
        found = self._ask(f"SELECT {_LISTED} FROM runs WHERE name = ?", [name])
        return RunSummary.from_row(found[0]) if found else None

    def _keep(self, summaries: list[tuple[RunSummary, str]]) -> None:
        """Write these in one transaction: each one waits for the disk."""
        if not summaries:
            return
        self._ask("BEGIN")
        for summary, signature in summaries:
            row = (*summary.to_row(), summary.words().encode("utf-8", "replace").decode(), signature)
            self._ask(_INSERT, [*row, _checksum(row)])
            self._signatures[summary.name] = signature
        if self._db.in_transaction:
            self._ask("COMMIT")

    def _forget(self, name: str) -> None:
        self._signatures.pop(name, None)
        self._ask("DELETE FROM runs WHERE name = ?", [name])

    def _ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; when the file fails (full disk, damage), build the index anew and run it there."""
        try:
            return self._db.execute(query, values).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self._db.close()
            if _is_of_the_place(error):
                self._db = self._open_in_memory()
            else:
                self._set_aside()
                self._db = self._open()
            if query in ("BEGIN", "COMMIT"):
                return []
            if not query.startswith("INSERT"):  # what is being written now is read again by the next refresh
                self.refresh()
            return self._db.execute(query, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self._connect(str(self.path))
        except OSError:
            return self._open_in_memory()
        except sqlite3.DatabaseError as error:
            if _is_of_the_place(error):
                return self._open_in_memory()
            try:
                self._set_aside()
                return self._connect(str(self.path))
            except (OSError, sqlite3.DatabaseError):
                return self._open_in_memory()

    def _open_in_memory(self) -> sqlite3.Connection:
        self.in_memory = True
        return self._connect(":memory:")

    def _connect(self, place: str) -> sqlite3.Connection:
        """Return a connection to a sound index of this version, with `_signatures` as it knows them."""
        db = sqlite3.connect(place, isolation_level=None)
        try:
            for pragma in ("journal_mode=WAL", *_SETUP):
                db.execute(f"PRAGMA {pragma}")
            if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("the index is damaged")
            if db.execute("PRAGMA user_version").fetchone() != (_VERSION,):
                db.execute("DROP TABLE IF EXISTS runs")
                db.execute(f"CREATE TABLE runs ({', '.join(_KEPT)}, PRIMARY KEY (name))")
                db.execute(f"PRAGMA user_version={_VERSION}")
            self._signatures = {}
            for *row, checksum in db.execute(f"SELECT {', '.join(_KEPT)} FROM runs").fetchall():
                if checksum != _checksum(tuple(row)):
                    raise sqlite3.DatabaseError("a row of the index is damaged")
                self._signatures[str(row[0])] = str(row[-1])
        except UnicodeDecodeError as error:  # SQLite quotes damaged names in its messages, which Python cannot read
            db.close()
            raise sqlite3.DatabaseError("the index is damaged") from error
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _set_aside(self) -> None:
        """Keep a damaged index beside the new one, in place of an older damaged one."""
        self.rebuilt = True
        for ending in ("-wal", "-shm"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)
        if self.path.exists():
            os.replace(self.path, f"{self.path}.damaged")


def _is_of_the_place(error: Exception) -> bool:
    """Say whether the file cannot be used where it is: held, full, read only. Anything else is damage.

    SQLite also calls it operational when a damaged schema names a column that is not there.
    """
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _OF_THE_PLACE


def _checksum(row: tuple[Any, ...]) -> int:
    return zlib.crc32(repr(row).encode())


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
