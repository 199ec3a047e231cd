"""Folders that are whole or not there: built beside their place, sealed with checksums, renamed into it."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.files import read_json, sync_folder, write_json
from workbench.core.words import mark

MANIFEST = "manifest.json"
_WAY_OUT = mark("Put a sound copy of it in its place, or train again from another checkpoint or the recipe.")


def write_sealed(place: Path, fill: Callable[[Path], None], *, least_free: int = 0) -> None:
    """Make the folder `place`: `fill` writes its files, then they are checksummed, synced and moved into place as one.

    least_free: bytes that the disk must have free. Raises UserError when there is too little room, OSError otherwise;
    nothing is left behind then, and what was at `place` is untouched.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    _require_room(place.parent, least_free)
    beside = place.parent / f".tmp-{os.getpid()}-{secrets.token_hex(3)}"
    beside.mkdir()
    aside = beside.with_name(f"{beside.name}-old")
    try:
        fill(beside)
        files = sorted(beside.iterdir())
        for file in files:
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        write_json(
            beside / MANIFEST, {file.name: {"size": file.stat().st_size, "sha256": _sha256(file)} for file in files}
        )
        if place.exists():
            place.rename(aside)  # it goes only when the new one is in its place
        beside.rename(place)
        sync_folder(place.parent)
        shutil.rmtree(aside, ignore_errors=True)
    except BaseException as error:
        if aside.exists() and not place.exists():
            aside.rename(place)
        shutil.rmtree(beside, ignore_errors=True)
        if _is_full(error, place.parent):
            raise _full(place.parent, least_free) from error
        raise


def check_sealed(place: Path) -> None:
    """Raise UserError naming the first file of the folder that is missing or not as it was written."""
    manifest = read_json(place / MANIFEST, None)
    if not isinstance(manifest, dict):
        raise UserError("{name} has no list of checksums: it is not complete.", name=place.name)
    for name, facts in manifest.items():
        if not isinstance(facts, dict) or not {"size", "sha256"} <= facts.keys() or not _is_plain(name):
            raise _damaged(place, MANIFEST)
        file = place / name
        if not file.is_file():
            raise UserError("{name} is damaged: {file} is missing.", hint=_WAY_OUT, name=place.name, file=name)
        there = {"size": file.stat().st_size, "sha256": _sha256(file)}
        forms = (facts, facts.get("or"))  # two while it is written anew in another form, see `rewriting`
        if not any(isinstance(form, dict) and there == {name: form.get(name) for name in there} for form in forms):
            raise _damaged(place, name)


def _damaged(place: Path, file: str) -> UserError:
    return UserError("{name} is damaged: {file} is not what was written.", hint=_WAY_OUT, name=place.name, file=file)


def _is_plain(name: str) -> bool:
    """Return whether this is the name of a file, and not the way to one elsewhere."""
    return 0 < len(os.fsencode(name)) < 256 and not set(name) & {"/", "\\", "\0"} and name not in (".", "..")


def _require_room(folder: Path, needed: int) -> None:
    if _has_less(folder, needed):
        raise _full(folder, needed)


def _full(folder: Path, needed: int) -> UserError:
    return UserError(
        "The disk of {folder} is full: {free} MB are free, and {needed} MB are needed.",
        hint="Make room there, then try again. Nothing that was saved before is lost.",
        folder=str(folder),
        free=f"{shutil.disk_usage(folder).free / 1e6:,.1f}",
        needed=f"{needed / 1e6:,.1f}",
    )


def _is_full(error: BaseException, folder: Path) -> bool:
    """Say whether the disk is full; torch and safetensors word it in their own ways."""
    return isinstance(error, Exception) and not isinstance(error, UserError) and _has_less(folder, 4096)


def _has_less(folder: Path, room: int) -> bool:
    """Say whether fewer bytes are free; what has no size, such as /proc, is no disk that could be full."""
    usage = shutil.disk_usage(folder)
    return usage.total > 0 and usage.free < room


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
