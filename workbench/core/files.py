"""Writing files so that a reader, or a crash, never meets half of one."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError


def write_atomically(path: Path, text: str) -> None:
    """Replace the file at `path` by `text` (UTF-8) in one piece: written beside it, synced, renamed.

    Raises OSError, and leaves the old file as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(3)}.tmp")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, plain: Any) -> None:
    """Replace the file at `path` by `plain` as JSON, in one piece."""
    write_atomically(path, json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def read_json(path: Path, default: Any) -> Any:
    """Return what the JSON file at `path` holds, or `default` when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # the last: thousands of brackets within each other
        return default


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` last through a loss of power, where the system can."""
    if os.name == "nt":  # Windows has no handle on a folder to sync
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(path: Path, error: OSError) -> UserError:
    """Return the error for a place that a person chose and that cannot be written."""
    return UserError(
        "{path} cannot be written: {reason}.",
        hint="Choose another place.",
        path=str(path),
        reason=error.strerror or str(error),
    )


def require_new_folder(path: Path) -> None:
    """Raise UserError when something lies at `path` already, unless it is an empty folder."""
    if path.exists() and not path.is_dir():
        raise UserError("{path} is a file.", hint="Choose a new folder.", path=str(path))
    if path.exists() and any(path.iterdir()):
        raise UserError("{path} is not empty.", hint="Choose a new folder.", path=str(path))
