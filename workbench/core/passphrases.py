"""Passphrases that this process knows, and files read with them: in memory, never written, never an argument.

A process knows what it was told (`remember`), and what `WORKBENCH_PASSPHRASE`, or the file that
`WORKBENCH_PASSPHRASE_FILE` names, holds.
"""

import io
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.locked_file import Head, Lock, Unlocked, derived, head_of, is_locked
from workbench.core.words import mark

VARIABLE, FILE = "WORKBENCH_PASSPHRASE", "WORKBENCH_PASSPHRASE_FILE"
NEEDED = mark("{name} is encrypted: its passphrase is needed.")
WRONG = mark("The passphrase of {name} is not right.")
_HINT = mark("Type it where you are asked for it, or name a file that holds it in {variable}.")

_told: list[str] = []


def asks_for_passphrase(error: UserError) -> bool:
    """Return whether an error says that a passphrase is needed, or another one."""
    return error.message.template in (NEEDED, WRONG)


def remember(passphrase: str) -> None:
    """Know this passphrase until the process ends."""
    if passphrase and passphrase not in _told:
        _told.append(passphrase)


def forget() -> None:
    """Know no passphrase any more but those of the environment."""
    _told.clear()
    _derived.cache_clear()


def known() -> list[str]:
    """Return every passphrase that is known, those told last first; raises UserError when the file cannot be read."""
    found = list(reversed(_told))
    if path := os.environ.get(FILE):
        try:
            found.append(Path(path).expanduser().read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r"))
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                "The file with the passphrase, {path}, cannot be read: {reason}.",
                path=path,
                reason=getattr(error, "strerror", None) or str(error),
            ) from error
    found.append(os.environ.get(VARIABLE, ""))
    return [passphrase for passphrase in found if passphrase]


def opens(path: Path, passphrase: str) -> bool:
    """Return whether this is the passphrase of an encrypted file; raises UserError when its head is damaged."""
    head = head_of(path)
    return head.fits(_derived(passphrase, head.salt, head.cost))


def lock_of(path: Path, passphrase: str = "") -> Lock:
    """Return the lock of an encrypted file, to encrypt others alike.

    passphrase: the one it must have, or "" for whichever is known. Raises UserError when it is another.
    """
    head = head_of(path)
    if not passphrase:
        return Lock(head.salt, head.cost, _key(path, head))
    key = _derived(passphrase, head.salt, head.cost)
    if not head.fits(key):
        raise UserError(WRONG, hint=mark("{name} is encrypted already, with another one."), name=_called(path))
    return Lock(head.salt, head.cost, key)


def opened(path: Path) -> Any:
    """Return the file, opened to be read as bytes: an encrypted one gives what was encrypted.

    Raises OSError, and UserError when its passphrase is not known or the file is damaged.
    """
    if is_locked(path):
        return io.BufferedReader(Unlocked(path, _key(path, head_of(path))), 1 << 16)
    return path.open("rb")


def content(path: Path) -> bytes:
    """Return the bytes of a file, decrypted where it is encrypted; raises as `opened` does."""
    with opened(path) as file:
        return file.read()


def size_of(path: Path) -> int:
    """Return how many bytes `content` gives."""
    with opened(path) as file:
        return file.seek(0, os.SEEK_END)


def _key(path: Path, head: Head) -> bytes:
    passphrases = known()
    for passphrase in passphrases:
        key = _derived(passphrase, head.salt, head.cost)
        if head.fits(key):
            return key
    message = WRONG if passphrases else NEEDED
    raise UserError(message, hint=_HINT, name=_called(path), variable=FILE)


def _called(path: Path) -> str:
    """Return the name of the run that a file belongs to, else its own."""
    parents = [*path.parents, path]
    return next((place.parent.name for place in parents if place.name in ("models", "checkpoints")), path.name)


@lru_cache(maxsize=64)
def _derived(passphrase: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    return derived(passphrase, salt, cost)
