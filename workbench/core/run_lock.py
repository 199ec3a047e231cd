"""The lock of a run: whoever trains holds it, and the system lets go of it when that process dies."""

import os
from pathlib import Path
from typing import IO

if os.name == "nt":
    import msvcrt

    def _take(file: IO[bytes], *, shared: bool) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]

else:
    import fcntl

    def _take(file: IO[bytes], *, shared: bool) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def take(path: Path) -> IO[bytes] | None:
    """Return a handle that holds the lock until it is closed, or None when another process holds it."""
    file = path.open("ab+")
    try:
        _take(file, shared=False)
    except OSError:
        file.close()
        return None
    return file


def is_held(path: Path) -> bool:
    """Return whether some process on this machine holds the lock; a missing file is held by nobody."""
    try:
        with path.open("rb") as file:
            _take(file, shared=True)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
