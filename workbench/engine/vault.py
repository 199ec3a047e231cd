"""The vault: passphrases that this process knows, and runs that are encrypted with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core import passphrases
from workbench.core.locked_run import decrypt_run, encrypt_run
from workbench.core.run_folder import RunFolder


def remember(passphrase: str) -> dict[str, Any]:
    """Know a passphrase as long as this process lives; nothing is answered that tells of it."""
    passphrases.remember(passphrase)
    return {}


def encrypt(progress: Callable[..., None], run: str, passphrase: str) -> dict[str, Any]:
    """Encrypt what a run knows. A job; returns how many files that were. Raises UserError when it cannot be."""
    return {"files": encrypt_run(RunFolder(Path(run)), passphrase, progress)}


def decrypt(progress: Callable[..., None], run: str) -> dict[str, Any]:
    """Decrypt what a run knows. A job; returns how many files that were. Raises UserError without its passphrase."""
    return {"files": decrypt_run(RunFolder(Path(run)), progress)}
