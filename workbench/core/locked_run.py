"""Encrypting what a run knows, and back: its models, its checkpoints and its evaluations."""

import io
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core import run_lock
from workbench.core.errors import UserError
from workbench.core.files import read_json, write_json
from workbench.core.leftovers import sweep
from workbench.core.locked_file import Lock, is_locked, lock
from workbench.core.passphrases import content, lock_of, opened, remember
from workbench.core.rewriting import rewritten
from workbench.core.run_folder import RunFolder
from workbench.core.sealed import MANIFEST, check_sealed
from workbench.core.words import Words, mark

SHORTEST = 8  # letters of a passphrase
_PIECE = 1 << 20
Report = Callable[[Words, int, int], None]


def files_of(run: RunFolder) -> list[Path]:
    """Return the files of a run that tell of its data: of models and checkpoints, and what was evaluated."""
    parts = [place for parent in (run.models, run.checkpoints) for place in sorted(parent.glob("step-*"))]
    found = [file for part in parts for file in sorted(part.iterdir()) if file.name != MANIFEST]
    found += sorted(run.evaluation.glob("*.json"))
    return [file for file in found if file.is_file() and not file.name.startswith(".")]


def locked_file(run: RunFolder) -> Path | None:
    """Return one of the encrypted files of a run, or None where nothing is encrypted."""
    return next((file for file in files_of(run) if is_locked(file)), None)


def require_unlocked(run: RunFolder) -> None:
    """Raise UserError when the run is encrypted: going on would save checkpoints that are not."""
    _require_no_lock(run, mark("{run} is encrypted, so it cannot be trained further."))


def require_plain(run: RunFolder) -> None:
    """Raise UserError when the run is encrypted: what is made of its model would tell the same, and not be."""
    _require_no_lock(run, mark("{run} is encrypted, and what is made of it would not be."))


def _require_no_lock(run: RunFolder, said: str) -> None:
    if locked_file(run) is not None:
        hint = mark("Decrypt it first, with {command} or on the Share page.")
        raise UserError(said, hint=hint, run=run.name, command="workbench decrypt")


def encrypt_run(run: RunFolder, passphrase: str, report: Report = lambda stage, done, total: None) -> int:
    """Encrypt what the run knows and return how many files that were; what was interrupted is gone on with.

    Raises UserError for a run that trains or has nothing to encrypt, a damaged file, a short passphrase, and one that
    is not that of the files which are encrypted already.
    """
    if not files_of(run):
        raise UserError(
            "{run} has no model yet: there is nothing to encrypt.", hint="Train it, or choose another.", run=run.name
        )
    if len(passphrase) < SHORTEST:
        raise UserError("A passphrase needs at least {count} letters.", hint="Take several words.", count=SHORTEST)
    remember(passphrase)  # what is written is read back
    before = locked_file(run)
    key = lock_of(before, passphrase) if before is not None else Lock.of(passphrase)

    def change(file: Path, new: Path) -> None:
        with file.open("rb") as source:
            lock(source.read, new, key)

    return _changed(run, [file for file in files_of(run) if not is_locked(file)], change, Words("Encrypting"), report)


def decrypt_run(run: RunFolder, report: Report = lambda stage, done, total: None) -> int:
    """Decrypt what the run knows, by a passphrase that this process knows, and return how many files that were."""

    def change(file: Path, new: Path) -> None:
        with opened(file) as source, new.open("wb") as target:
            while piece := source.read(_PIECE):
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())

    return _changed(run, list(filter(is_locked, files_of(run))), change, Words("Decrypting"), report)


def write_like(run: RunFolder, path: Path, plain: Any) -> None:
    """Write plain values as JSON into the run: encrypted where the run is, and then never plain on the disk."""
    like = locked_file(run)
    if like is None:
        write_json(path, plain)
        return
    text = io.BytesIO(json.dumps(plain, ensure_ascii=False, allow_nan=False).encode())
    beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(3)}.tmp")
    try:
        lock(text.read, beside, lock_of(like))
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read_like(path: Path, default: Any) -> Any:
    """Return what a JSON file holds, encrypted or not, or `default` when it is missing or damaged.

    Raises UserError when it is encrypted and its passphrase is not known.
    """
    return json.loads(content(path)) if is_locked(path) else read_json(path, default)


def _changed(
    run: RunFolder, files: list[Path], change: Callable[[Path, Path], None], stage: Words, report: Report
) -> int:
    held = run_lock.take(run.lock)
    if held is None:
        raise UserError("{run} is in training.", hint="Wait for its end, or stop it.", run=run.name)
    done = 0

    def one() -> None:
        nonlocal done
        done += 1
        report(stage, done, len(files))

    with held:
        sweep(run)  # what was interrupted holds the same
        for left in run.evaluation.glob(".*.tmp"):
            left.unlink(missing_ok=True)
        report(stage, 0, len(files))
        folders = sorted({file.parent for file in files})
        for folder in folders:
            if (folder / MANIFEST).is_file():
                check_sealed(folder)  # before anything changes: else a part would be in the other form
        for folder in folders:
            rewritten(folder, [file for file in files if file.parent == folder], change, opened, one)
    return len(files)
