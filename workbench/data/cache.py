"""Folders of decoded data: built beside their place, made safe on disk, then renamed; all of them can be made again."""

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap

from workbench.core import memory_room, paths
from workbench.core.errors import UserError
from workbench.data import locked_cache

SUMMARY = "dataset.json"
TOKENS = "tokens-"  # how the names of caches begin that hold the tokens of texts
_ABANDONED = 24 * 3600  # seconds after which a half-built folder belongs to nobody
_RESERVE = 64 * 1024 * 1024  # bytes left free for others


def key(*parts: Any) -> str:
    """Return a name for what `parts` (bytes, or plain values) determine."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()


def fingerprint(files: list[Path]) -> bytes:
    """Return what tells unchanged files from changed ones: name, size, time of change and inode."""
    stats = [(path.name, path.stat()) for path in files]
    return json.dumps([[name, stat.st_size, stat.st_mtime_ns, stat.st_ino] for name, stat in stats]).encode(
        "utf-8", "replace"
    )


def cached(name: str, build: Callable[[Path], dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """Return the folder called `name` and its summary; if it is missing, `build(folder)` fills it and returns it.

    Where caches are to be encrypted it lies in memory, and what is on the disk is encrypted.
    """
    root = paths.cache() / "data"
    if memory_room.is_wanted():
        return _cached_in_memory(root, name, build)
    folder = root / name
    summary = _summary(folder)
    if summary is not None:
        return folder, summary
    try:
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        building = root / f".building-{uuid.uuid4().hex}"
        building.mkdir()
    except OSError as error:
        raise _unwritable(root, error) from error
    try:
        summary = build(building)
        write_plain(building / SUMMARY, summary)
        _into_place(building, folder)
    except OSError as error:
        raise _unwritable(root, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder, summary


def _cached_in_memory(root: Path, name: str, build: Callable[[Path], dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    memory = memory_room.room()
    folder, vault = memory / name, root / f"{name}{locked_cache.ENDING}"
    summary = _summary(folder)
    if summary is None and locked_cache.unlocked(vault, folder):
        summary = _summary(folder)
    if summary is None:
        building = memory / f".building-{uuid.uuid4().hex}"
        building.mkdir()
        try:
            summary = build(building)
            write_plain(building / SUMMARY, summary)
            locked_cache.keep(building, vault)
            locked_cache.place(building, folder)
        except OSError as error:
            raise _unwritable(memory, error) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
    shutil.rmtree(root / name, ignore_errors=True)  # of a time when caches were not encrypted
    return folder, summary


def is_kept(name: str) -> bool:
    """Return whether there is a cache of this name, encrypted or not."""
    places = [paths.cache() / "data", *([memory_room.room()] if memory_room.is_wanted() else [])]
    return any((place / f"{name}{end}").exists() for place in places for end in ("", locked_cache.ENDING))


def discard(pattern: str, but: str = "") -> None:
    """Remove the caches whose names fit a pattern, as `Path.glob` takes it, encrypted ones too.

    but: how the names of those begin that stay.
    """
    places = [paths.cache() / "data", *([memory_room.room()] if memory_room.is_wanted() else [])]
    for folder in (
        found for place in places for end in ("", locked_cache.ENDING) for found in place.glob(pattern + end)
    ):
        if not (but and folder.name.startswith(but)):
            shutil.rmtree(folder, ignore_errors=True)


def digests(images: np.ndarray) -> np.ndarray:
    """Return 16 bytes for every image that are equal for equal pixels: (N, 2) uint64."""
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    joined = b"".join([hashlib.blake2b(row.data, digest_size=16).digest() for row in rows])
    return np.frombuffer(joined, np.uint64).reshape(len(images), 2)


def text_digests(texts: list[str]) -> np.ndarray:
    """Return 16 bytes for every text that are equal for equal ones: (N, 2) uint64."""
    joined = b"".join([hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() for text in texts])
    return np.frombuffer(joined, np.uint64).reshape(len(texts), 2)


def groups_of_equals(digests: np.ndarray) -> np.ndarray:
    """Return a number for every row of (N, 2) uint64, the same for equal rows: (N,) int64."""
    order = np.lexsort((digests[:, 1], digests[:, 0]))
    differs = (digests[order[1:]] != digests[order[:-1]]).any(axis=1)
    groups = np.empty(len(digests), np.int64)
    groups[order] = np.concatenate(([0], np.cumsum(differs))) if len(digests) else 0
    return groups


def write_plain(path: Path, plain: Any) -> None:
    """Write plain values as JSON; names with letters that are not UTF-8 survive, escaped."""
    path.write_text(json.dumps(plain), encoding="ascii")


def read_plain(path: Path) -> Any:
    """Return the plain values of a JSON file."""
    return json.loads(path.read_bytes())


def replace_array(path: Path, values: np.ndarray) -> None:
    """Write an array so that a reader sees the old file or the new one; equal content is left alone."""
    if path.is_file() and np.array_equal(np.load(path), values):
        return
    beside = path.with_name(f".{uuid.uuid4().hex}.npy")
    try:
        np.save(beside, values)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _unwritable(path.parent, error) from error


def reserve(path: Path, dtype: Any, shape: tuple[int, ...]) -> None:
    """Create an array in a file and take its place on the disk: writing into a map of a full disk kills the writer."""
    open_memmap(path, "w+", dtype, shape).flush()
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, path.stat().st_size))


def require_space(folder: Path, needed: int) -> None:
    """Raise UserError when `needed` bytes would not fit on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if needed + _RESERVE > free:
        raise UserError(
            "The decoded images need {needed}, but only {free} is free in {folder}.",
            hint="Free some space, choose a smaller size, or set WORKBENCH_CACHE to a folder on another disk.",
            needed=_bytes(needed),
            free=_bytes(free),
            folder=str(folder),
        )


def _bytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _summary(folder: Path) -> dict[str, Any] | None:
    try:
        return read_plain(folder / SUMMARY)
    except (OSError, ValueError):
        return None


def _into_place(building: Path, folder: Path) -> None:
    for file in building.iterdir():
        _to_disk(file)
    _to_disk(building)
    if folder.exists():  # without a readable summary: left by a failing disk
        shutil.rmtree(folder, ignore_errors=True)
    try:
        building.rename(folder)
    except OSError:
        if _summary(folder) is None:  # otherwise another process was first, with the same content
            raise
    _to_disk(folder.parent)


def _to_disk(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # folders cannot be opened there
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(root: Path) -> None:
    for folder in root.glob(".building-*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


def _unwritable(root: Path, error: OSError) -> UserError:
    return UserError(
        "The decoded data could not be kept in {folder}: {reason}.",
        hint="Free some space there, or set WORKBENCH_CACHE to a folder that can be written.",
        folder=str(root),
        reason=error.strerror or str(error),
    )
