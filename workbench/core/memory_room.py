"""A folder in memory for what must not reach a disk in the clear: one for all processes, gone with the last of them.

It lies in the file system in memory that Linux has (/dev/shm). Every process that uses it holds a shared lock; whoever
finds that nobody does, at its own end or at the next start, removes it. The system may still swap memory to a disk.
"""

import atexit
import hashlib
import os
import shutil
import stat
import time
from pathlib import Path
from typing import IO

from workbench.core import paths
from workbench.core.errors import UserError

VARIABLE = "WORKBENCH_ENCRYPT_CACHE"
_MEMORY = Path("/dev/shm")
_IN_USE = "in use"
_PATIENCE = 0.01  # seconds
_held: dict[Path, IO[bytes]] = {}


def is_wanted() -> bool:
    """Return whether data caches are to be encrypted: where `WORKBENCH_ENCRYPT_CACHE` says anything but 0."""
    return os.environ.get(VARIABLE, "0").strip().lower() not in ("", "0", "false", "no")


def room() -> Path:
    """Return this person's folder in memory for the caches of this cache folder, and keep it until this process ends.

    Raises UserError where there is no memory to hold files, or where somebody else made the folder.
    """
    folder = _place()
    if folder in _held and folder.is_dir():
        return folder
    try:
        for each in (folder.parent, folder):
            each.mkdir(mode=0o700, exist_ok=True)
            found = each.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
                raise UserError("{path} belongs to somebody else.", hint="Ask them to remove it.", path=str(each))
    except (OSError, AttributeError) as error:  # the last: Windows knows no numbers of users
        raise UserError(
            "Data caches cannot be encrypted here: there is no file system in memory.",
            hint="That takes Linux. Leave {variable} out, or use an encrypted disk.",
            variable=VARIABLE,
        ) from error
    sweep()  # what a process left that was killed
    file = _taken(folder)
    if not _held:
        atexit.register(leave)
    _held[folder] = file
    return folder


def _taken(folder: Path) -> IO[bytes]:
    """Return the file whose shared lock keeps the folder; another process may be removing it just now."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            file = (folder / _IN_USE).open("ab")
        except FileNotFoundError:
            continue
        if _lock(file, exclusive=False) and (folder / _IN_USE).is_file():
            return file
        file.close()
        time.sleep(_PATIENCE)


def leave() -> None:
    """Use it no more, and remove it if nobody else does."""
    for file in _held.values():
        file.close()
    _held.clear()
    sweep()


def sweep() -> None:
    """Remove the folder, unless a process uses it."""
    folder = _place()
    try:
        with (folder / _IN_USE).open("ab") as file:
            if folder not in _held and _lock(file, exclusive=True):
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return  # there is none


def _place() -> Path:
    name = hashlib.sha256(os.fsencode(paths.cache().absolute())).hexdigest()[:16]
    user = os.getuid() if hasattr(os, "getuid") else 0
    return _MEMORY / f"workbench-{user}" / name


def _lock(file: IO[bytes], *, exclusive: bool) -> bool:
    import fcntl  # not on Windows, which has no such folder either

    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
