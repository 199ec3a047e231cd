"""Downloading a file so that a broken line costs nothing: in one piece or not at all, gone on with, and checked.

huggingface_hub's own download begins a file anew after a break (each process has a temporary file of its own), so the
bytes are fetched here; addresses, sessions, tokens and errors remain its business.
"""

import hashlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.files import sync_folder
from workbench.core.words import Words
from workbench.data.dataset import Progress, ProgressCallback

_BLOCK = 1 << 20
_RESERVE = 64 * 1024 * 1024  # bytes left free for others
_PATIENCE = 20.0  # seconds without a byte after which the line counts as broken
_TRIES = 5  # in a row without a byte
_REPORT_EVERY = 0.2  # seconds
_WINDOW, _LEAST = 5.0, 0.5  # seconds over which the rate is measured, at most and at least


@dataclass(frozen=True)
class RemoteFile:
    """A file of the hub. sha256: of large files; blob: git's SHA-1 of the others, which takes in the length."""

    path: str
    size: int
    sha256: str = ""
    blob: str = ""

    @property
    def name(self) -> str:
        """What the file is called here: by its content, so that no two are confused."""
        return f"{self.sha256 or self.blob}.parquet"


class Meter:
    """Tells how many bytes of all have come, how fast, a few times a second."""

    def __init__(self, name: str, total: int, progress: ProgressCallback) -> None:
        self._name, self._total, self._progress = name, total, progress
        self._done = 0
        self._next = 0.0
        self._seen: list[tuple[float, int]] = []

    def more(self, count: int, *, received: bool = True) -> None:
        """Add bytes that were received; or that lay here before, of which none count for the rate."""
        self._done += count
        now = time.monotonic()
        if not received:
            self._seen = []
        if now >= self._next or self._done >= self._total:
            self._next = now + _REPORT_EVERY
            self._seen = [*(entry for entry in self._seen if now - entry[0] < _WINDOW), (now, self._done)]
            self._progress(Progress(self._stage(), self._done, self._total))

    def _stage(self) -> Words:
        values = {"name": self._name, "done": in_bytes(self._done), "total": in_bytes(self._total)}
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        if now - began < _LEAST:
            return Words("Downloading {name}: {done} of {total}", values)
        rate = in_bytes((last - first) / (now - began))
        return Words("Downloading {name}: {done} of {total}, {rate} a second", {**values, "rate": rate})


def in_bytes(count: float) -> str:
    """Return a number of bytes as a person reads it."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def require_space(folder: Path, needed: int) -> None:
    """Raise UserError when `needed` bytes would not fit on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if needed + _RESERVE > free:
        raise UserError(
            "The download needs {needed}, but only {free} is free in {folder}.",
            hint="Free some space, or set WORKBENCH_CACHE to a folder on another disk.",
            needed=in_bytes(needed),
            free=in_bytes(free),
            folder=str(folder),
        )


def is_whole(path: Path, file: RemoteFile) -> bool:
    """Return whether the file here has the length and the content that the hub names."""
    return path.is_file() and path.stat().st_size == file.size and _is_right(path, file)


def fetch(url: str, file: RemoteFile, folder: Path, meter: Meter, headers: dict[str, str]) -> Path:
    """Return the path of the file in `folder`, downloaded if it is not there, going on where an earlier try broke off.

    Raises UserError when the bytes are not those that the hub names, and what the line raises when it stays broken.
    """
    path = folder / file.name
    if path.is_file() and path.stat().st_size == file.size:  # its name says its content, which was checked
        meter.more(file.size, received=False)
        return path
    part = path.with_suffix(".part")
    begun = part.stat().st_size if part.is_file() else 0
    if begun > file.size:
        part.unlink()
        begun = 0
    meter.more(begun, received=False)
    _receive_all(url, part, file.size, meter, headers)
    if not _is_right(part, file):
        part.unlink(missing_ok=True)
        raise UserError(
            "{name} did not arrive as the hub has it: its checksum differs.",
            hint="Try again. If that does not help, something on the way changes what is downloaded.",
            name=file.path,
        )
    with part.open("rb") as content:
        os.fsync(content.fileno())
    os.replace(part, path)
    sync_folder(folder)
    return path


def _receive_all(url: str, part: Path, size: int, meter: Meter, headers: dict[str, str]) -> None:
    """Fetch what is missing of `part`; a line that breaks is taken up again as long as something comes."""
    tries = _TRIES
    while True:
        before = part.stat().st_size if part.is_file() else 0
        try:
            _receive(url, part, size, meter, headers)
        except _line_errors() as error:
            if _refused(error):
                raise
            came = (part.stat().st_size if part.is_file() else 0) > before
            tries = _TRIES if came else tries - 1
            if tries <= 0:
                raise
            if not came:
                time.sleep(0.2 * 2 ** (_TRIES - tries))
            continue
        if part.stat().st_size >= size:
            return
        tries -= 1
        if tries <= 0:
            raise UserError(
                "{url} ends after {found} of {size}.",
                hint="Try again later.",
                url=url,
                found=in_bytes(part.stat().st_size),
                size=in_bytes(size),
            )


def _receive(url: str, part: Path, size: int, meter: Meter, headers: dict[str, str]) -> None:
    from huggingface_hub.utils import get_session, hf_raise_for_status

    begun = part.stat().st_size if part.is_file() else 0
    if begun == size:
        part.touch()
        return
    # identity: a packed answer could not be taken up in the middle
    wanted = {**headers, "Accept-Encoding": "identity", **({"Range": f"bytes={begun}-"} if begun else {})}
    session = get_session()
    with session.stream("GET", url, headers=wanted, follow_redirects=True, timeout=_PATIENCE) as response:
        hf_raise_for_status(response)
        with part.open("ab") as target:
            if begun and response.status_code != 206:  # the server begins at the beginning, whatever was asked
                target.truncate(0)
                meter.more(-begun, received=False)
            for chunk in response.iter_bytes():
                target.write(chunk)
                meter.more(len(chunk))
                if target.tell() > size:
                    break  # whatever this is, it is not the file; its checksum will say so


def _line_errors() -> tuple[type[BaseException], ...]:
    """Return what a broken line raises: httpx's errors, of whichever httpx the hub's library stands on."""
    from huggingface_hub.errors import HfHubHTTPError

    return (HfHubHTTPError.__bases__[0], OSError) if issubclass(HfHubHTTPError, OSError) else (Exception,)


def _refused(error: BaseException) -> bool:
    """Return whether the server answered that it will not do it, so that asking again is of no use."""
    response: Any = getattr(error, "response", None)
    if response is None:
        return isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError)
    return response.status_code < 500 and response.status_code not in (408, 429)


def _is_right(path: Path, file: RemoteFile) -> bool:
    if not file.sha256 and not file.blob:
        return path.stat().st_size == file.size
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == (file.sha256 or file.blob)
