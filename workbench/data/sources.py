"""Where the files of a data set lie: a folder, or an archive that is read as it is.

A source lists its files, tells unchanged ones from changed ones without opening them, and says how the bytes of each
can be had, in a form that decoding processes understand.
"""

import hashlib
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import ENDINGS, shown

TABLES = frozenset({".csv", ".tsv"})
_WANTED = tuple(sorted(ENDINGS | TABLES))
_DEEPEST = 40  # folders inside each other


class Source(Protocol):
    """Files with images and tables.

    fingerprint: equal as long as no file was added, removed or changed. name: what to call it.
    """

    name: str

    @property
    def fingerprint(self) -> bytes: ...

    @property
    def names(self) -> Sequence[str]:
        """Paths of the files inside, with slashes, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """Return the content of a file; raises OSError or UserError."""
        ...

    def access(self, rows: np.ndarray, folder: Path) -> dict[str, Any]:
        """Return how decoding processes get at the files `rows`; may write tables for them into `folder`."""
        ...

    def stream(self, rows: np.ndarray) -> Iterator[bytes] | None:
        """Return the contents of the files `rows` one after the other, where they can only be had in order."""
        ...


def wanted(name: str) -> bool:
    """Return whether a file of this name can be an image or a table of labels."""
    return (name.endswith(_WANTED) or name.lower().endswith(_WANTED)) and not name.startswith(".")


class FolderSource:
    """Images in a folder and the folders below it; links are followed, but no folder is entered twice."""

    def __init__(self, path: Path, found: Callable[[int], None]) -> None:
        """found: is told the number of files from time to time; may raise."""
        self.path = path
        self.name = shown(path.resolve().name)
        self._folders: list[tuple[str, list[str]]] = []
        digest = hashlib.blake2b(digest_size=32)
        for folder, names, numbers in sorted(_walk(path, found)):
            self._folders.append((folder, names))
            digest.update("\0".join((folder, *names)).encode("utf-8", "surrogateescape") + b"\0\0" + numbers)
        self.fingerprint = digest.digest()
        self._names: list[str] = []

    @property
    def names(self) -> Sequence[str]:
        """Paths of the files inside, with slashes, sorted."""
        if not self._names:
            self._names = [f"{folder}/{name}" if folder else name for folder, names in self._folders for name in names]
        return self._names

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return (self.path / name).read_bytes()

    def access(self, rows: np.ndarray, folder: Path) -> dict[str, Any]:
        """Return how decoding processes get at the files `rows`."""
        names, root = self.names, os.path.join(self.path.absolute(), "")
        content = "\0".join([root + names[int(row)] for row in rows]).encode("utf-8", "surrogateescape")
        (folder / "paths").write_bytes(content)
        return {"kind": "paths", "paths": str(folder / "paths")}

    def stream(self, rows: np.ndarray) -> None:
        """Return None: files can be had in any order."""


def _walk(top: Path, found: Callable[[int], None]) -> Iterator[tuple[str, list[str], bytes]]:
    """Yield every folder with wanted files: its path below `top`, their names, and their sizes, times and inodes."""
    entered: set[tuple[int, int]] = set()
    count = 0
    level = [""]
    for _ in range(_DEEPEST):
        level = [folder for folder in level if _first_visit(os.path.join(top, folder), entered)]
        below: list[str] = []
        for folder in level:
            folders, names, numbers = _listed(top, folder)
            below += [f"{folder}/{name}" if folder else name for name in folders]
            count += len(names)
            found(count)
            if names:
                yield folder, names, numbers
        level = below


def _first_visit(path: str, entered: set[tuple[int, int]]) -> bool:
    try:
        stat = os.stat(path)
    except OSError:
        return False
    identity = (stat.st_dev, stat.st_ino)
    if identity in entered and any(identity):  # a link back to a folder above, or a second way to the same one
        return False
    entered.add(identity)
    return True


def _listed(top: Path, folder: str) -> tuple[list[str], list[str], bytes]:
    """Return the folders in a folder, the wanted files, and three numbers for each file: size, time and inode."""
    folders, files = [], []
    try:
        with os.scandir(os.path.join(top, folder)) as entries:
            for entry in entries:
                # the first test alone decides for nearly all of them, which counts: there may be a million
                if entry.name.endswith(_WANTED) or wanted(entry.name):
                    files.append(entry)
                elif not entry.name.startswith((".", "__MACOSX")) and entry.is_dir():
                    folders.append(entry.name)
    except OSError as error:
        if folder:
            return [], [], b""  # a folder that may not be entered
        raise UserError(
            "{path} could not be read: {reason}.", path=shown(str(top)), reason=error.strerror or str(error)
        ) from error
    files = [entry for entry in files if entry.is_file() and entry.name[0] != "."]
    files.sort(key=attrgetter("name"))
    try:
        stats = [entry.stat() for entry in files]
    except OSError:  # a file that went away meanwhile
        stats = [entry.stat() for entry in files if os.path.exists(entry.path)]
    numbers = [number for stat in stats for number in (stat.st_size, stat.st_mtime_ns, stat.st_ino)]
    return sorted(folders), [entry.name for entry in files], array("Q", numbers).tobytes()
