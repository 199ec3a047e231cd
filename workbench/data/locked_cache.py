"""Data caches that are encrypted at rest: a folder of encrypted files on the disk, decrypted into memory when used."""

import shutil
import uuid
from pathlib import Path

from workbench.core import passphrases
from workbench.core.errors import UserError
from workbench.core.files import sync_folder
from workbench.core.locked_file import Lock, lock
from workbench.core.memory_room import VARIABLE

ENDING = ".locked"
_PIECE = 1 << 20
_SHARE = 0.9  # of the free memory that a cache may take


def unlocked(vault: Path, folder: Path) -> bool:
    """Decrypt an encrypted cache into the new folder, which lies in memory; return whether there is one.

    Raises UserError when its passphrase is not known, a file is damaged, or there is not enough memory.
    """
    if not vault.is_dir():
        return False
    files = sorted(vault.iterdir())
    _require_memory(sum(file.stat().st_size for file in files), folder.parent)
    beside = folder.with_name(f".{uuid.uuid4().hex}")
    beside.mkdir()
    try:
        for file in files:
            with passphrases.opened(file) as source, (beside / file.name).open("wb") as target:
                shutil.copyfileobj(source, target, _PIECE)
        place(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return True


def keep(folder: Path, vault: Path) -> None:
    """Encrypt a cache that lies in memory into the new folder `vault`, which is there whole or not at all.

    Raises UserError when no passphrase is known.
    """
    known = passphrases.known()
    if not known:
        raise UserError(
            "Data caches are to be encrypted, and no passphrase is known.",
            hint="Name a file that holds it in {file}, or leave {variable} out.",
            file=passphrases.FILE,
            variable=VARIABLE,
        )
    key = Lock.of(known[0])
    vault.parent.mkdir(parents=True, exist_ok=True)
    beside = vault.with_name(f".building-{uuid.uuid4().hex}")
    beside.mkdir()
    try:
        for file in sorted(folder.iterdir()):
            with file.open("rb") as source:
                lock(source.read, beside / file.name, key)
        place(beside, vault)
        sync_folder(vault.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def place(beside: Path, folder: Path) -> None:
    """Let a folder that is complete be `folder`, unless another process was first, with the same content."""
    try:
        beside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _require_memory(needed: int, memory: Path) -> None:
    free = int(shutil.disk_usage(memory).free * _SHARE)
    if needed > free:
        raise UserError(
            "These data need {needed} MB of memory, since their cache is encrypted, and {free} MB are free.",
            hint="Choose a smaller size, or leave {variable} out.",
            needed=f"{needed / 1e6:,.0f}",
            free=f"{free / 1e6:,.0f}",
            variable=VARIABLE,
        )
