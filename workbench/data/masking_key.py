"""The key of hashed values: one for this person, kept apart from data, caches, runs and models.

Whoever has a hash and the key can try out every telephone number there is; without the key nobody can. So a model holds
only the name of the key it was trained with, and the key itself never goes along with a run.
"""

import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from workbench.core import paths
from workbench.core.errors import UserError

PLACE = "WORKBENCH_MASKING_KEY"  # the path of the file, where it shall lie elsewhere: on a stick, in a vault
_BYTES = 32


def key_file() -> Path:
    """Return where the key lies: `WORKBENCH_MASKING_KEY`, or masking.key in the user's state folder."""
    return Path(os.environ.get(PLACE) or paths.state() / "masking.key").expanduser()


def name_of_key() -> str:
    """Return the name of this person's key, which is made when there is none; raises UserError when it cannot be."""
    path = key_file()
    if not path.exists():
        _make(path)
    try:
        return _named(_read(path))
    except (OSError, ValueError) as error:
        raise UserError(
            "The key of hashed values in {path} cannot be used: {reason}.",
            hint="Put the key there that was used before, or delete the file: then a new one is made.",
            path=str(path),
            reason=getattr(error, "strerror", None) or str(error),
        ) from error


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
    except OSError as error:
        raise UserError(
            "The key of hashed values cannot be made in {folder}: {reason}.",
            hint="Allow that this folder is written to, or name a file elsewhere in WORKBENCH_MASKING_KEY.",
            folder=str(path.parent),
            reason=error.strerror or str(error),
        ) from error


@lru_cache(maxsize=4)
def key_called(name: str) -> bytes:
    """Return the key of this name, which a model was trained with; raises UserError when it is not on this machine."""
    try:
        key = _read(key_file())
    except (OSError, ValueError):
        key = b""
    if not key or _named(key) != name:
        raise UserError(
            "Personal data were hashed with a key that is not on this machine: {name}.",
            hint="Copy masking.key from the machine that trained, to {path}.",
            name=name,
            path=str(key_file()),
        )
    return key


def _read(path: Path) -> bytes:
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) != _BYTES:
        raise ValueError(f"{len(key)} bytes")
    return key


def _named(key: bytes) -> str:
    return hashlib.sha256(b"name of a masking key" + key).hexdigest()[:12]
