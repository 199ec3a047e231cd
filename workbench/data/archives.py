"""Images inside archives: zip and tar, read where they lie; nothing is ever written where a member's name says.

An archive with a member that would leave its folder, a link or a device is refused as a whole: it was not made to
share images.
"""

import hashlib
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from lzma import LZMAError
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import mark
from workbench.data.sources import wanted

ZIP_ENDINGS = (".zip",)
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
LARGEST_MEMBER = 500_000_000  # bytes
_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, struct.error, ValueError,
    RuntimeError, TypeError, LookupError,  # which zipfile and tarfile raise of damaged or encrypted files, too
)  # fmt: skip


def is_archive(path: Path) -> bool:
    """Return whether the name is that of an archive this program reads."""
    return path.name.lower().endswith((*ZIP_ENDINGS, *TAR_ENDINGS))


def _ignored(name: str) -> bool:
    parts = name.split("/")
    return not wanted(parts[-1]) or any(part.startswith((".", "__MACOSX")) for part in parts)


def _require_harmless(archive: Path, name: str, problem: bool) -> None:
    """Raise UserError when a member has a path that leaves the archive's folder, or `problem`: is no file or folder."""
    outside = name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or name[1:2] == ":"
    if outside or problem:
        points_outside = mark("{archive} is refused: its member {member} points outside of it.")
        is_odd = mark("{archive} is refused: its member {member} is a link or a device.")
        raise UserError(
            points_outside if outside else is_odd,
            hint="Unpack it yourself if you trust it, and choose the folder.",
            archive=shown(archive.name),
            member=shown(name),
        )


def _damaged(path: Path, error: BaseException) -> UserError:
    return UserError(
        "The archive {name} is damaged.",
        hint="Copy or download it again.",
        details=f"{type(error).__name__}: {error}",
        name=shown(path.name),
    )


def _stem(path: Path) -> str:
    ending = next((end for end in sorted(TAR_ENDINGS, key=len, reverse=True) if path.name.lower().endswith(end)), "")
    return shown(path.name[: -len(ending)] if ending else path.stem)


class ZipSource:
    """Images in a zip archive."""

    def __init__(self, path: Path, found: Callable[[int], None]) -> None:
        """found: is told the number of files from time to time; may raise."""
        self.path = path
        self.name = _stem(path)
        self._found = found
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._names: list[str] = []
        try:
            self.fingerprint = _central_directory(path)
        except _BROKEN as error:
            raise _damaged(path, error) from error

    @property
    def names(self) -> Sequence[str]:
        """Paths of the files inside, sorted."""
        if not self._members:
            try:
                with zipfile.ZipFile(self.path) as archive:
                    members = archive.infolist()
            except _BROKEN as error:
                raise _damaged(self.path, error) from error
            for count, member in enumerate(members):
                mode = member.external_attr >> 16
                odd = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR) or not member.filename
                _require_harmless(self.path, member.orig_filename, odd)
                if count % 1000 == 0:
                    self._found(count)
            files = [member for member in members if not member.is_dir() and not _ignored(member.filename)]
            self._members = {member.filename: member for member in sorted(files, key=lambda member: member.filename)}
            self._names = list(self._members)
        return self._names

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        member = self._members[name]
        if member.file_size > LARGEST_MEMBER:
            raise UserError("{name} is too large.", name=shown(name))
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(member)
        except (*_BROKEN, RuntimeError, NotImplementedError) as error:
            raise _damaged(self.path, error) from error

    def access(self, rows: np.ndarray, folder: Path) -> dict[str, Any]:
        """Return how decoding processes get at the files `rows`: where each begins, its sizes, its packing, its CRC."""
        members = list(self._members.values())
        table = [_place(members[row]) for row in rows.tolist()]
        np.save(folder / "places.npy", np.array(table, np.uint64).reshape(-1, 5))
        return {"kind": "zip", "archive": str(self.path.absolute()), "places": str(folder / "places.npy")}

    def stream(self, rows: np.ndarray) -> None:
        """Return None: members can be had in any order."""


def _place(member: zipfile.ZipInfo) -> tuple[int, int, int, int, int]:
    method = 99 if member.flag_bits & 1 else member.compress_type  # 99 is what the format uses for encrypted members
    return (member.header_offset, member.compress_size, member.file_size, method, member.CRC)


def _central_directory(path: Path) -> bytes:
    """Return a digest of a zip's list of members, which holds name, size and CRC of each; it need not be parsed."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        tail_begin = max(0, size - 65_557)  # the end record and its longest comment
        file.seek(tail_begin)
        tail = file.read()
        end = tail.rfind(b"PK\5\6")
        if end < 0:
            raise zipfile.BadZipFile("no end record")
        length, offset = struct.unpack_from("<II", tail, end + 12)
        if 0xFFFFFFFF in (length, offset):  # zip64: the true numbers stand in a record of their own before
            locator = tail.rfind(b"PK\6\7", 0, end)
            (record,) = struct.unpack_from("<Q", tail, locator + 8)
            file.seek(record + 40)
            length, offset = struct.unpack("<QQ", file.read(16))
        begin = max(0, min(offset, tail_begin + end - length))
        file.seek(begin)
        return hashlib.blake2b(size.to_bytes(8, "little") + file.read(length), digest_size=32).digest()


class TarSource:
    """Images in a tar archive, packed or not; a packed one can only be read from its beginning to its end."""

    def __init__(self, path: Path, found: Callable[[int], None]) -> None:
        """found: is told the number of files from time to time; may raise."""
        self.path = path
        self.name = _stem(path)
        self.packed = not path.name.lower().endswith(".tar")
        state = path.stat()
        self.fingerprint = f"{state.st_size} {state.st_mtime_ns} {state.st_ino}".encode()
        self._found = found
        self._members: dict[str, tarfile.TarInfo] = {}
        self._names: list[str] = []
        self._tables: dict[str, bytes] = {}

    @property
    def names(self) -> Sequence[str]:
        """Paths of the files inside, in the order in which they lie there."""
        if not self._members:
            for count, (member, archive) in enumerate(self._each()):
                name = member.name.removeprefix("./")
                _require_harmless(self.path, name, not (member.isfile() or member.isdir()))
                if member.isfile() and not _ignored(name):
                    self._members[name] = member
                    if name.lower().endswith((".csv", ".tsv")):
                        self._tables[name] = _content(archive, member)
                if count % 1000 == 0:
                    self._found(count)
            self._names = list(self._members)
        return self._names

    def _each(self) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
        try:
            with tarfile.open(self.path, "r|*" if self.packed else "r:") as archive:
                for member in archive:
                    yield member, archive
                    archive.members = []  # type: ignore[attr-defined] - it would keep every member it has met
        except _BROKEN as error:
            raise _damaged(self.path, error) from error

    def read(self, name: str) -> bytes:
        """Return the content of a table."""
        return self._tables[name]

    def access(self, rows: np.ndarray, folder: Path) -> dict[str, Any]:
        """Return how decoding processes get at the files `rows`: by place in the archive, or from their input."""
        if self.packed:
            return {"kind": "pipe"}
        members = list(self._members.values())
        table = [(members[row].offset_data, members[row].size) for row in rows.tolist()]
        np.save(folder / "places.npy", np.array(table, np.uint64).reshape(-1, 2))
        return {"kind": "file", "archive": str(self.path.absolute()), "places": str(folder / "places.npy")}

    def stream(self, rows: np.ndarray) -> Iterator[bytes] | None:
        """Return the contents of the files `rows`, which must rise, of a packed archive."""
        return self._contents(rows) if self.packed else None

    def _contents(self, rows: np.ndarray) -> Iterator[bytes]:
        names = list(self._members)
        remaining = iter([self._members[names[row]].offset for row in rows.tolist()])
        following = next(remaining, None)
        for member, archive in self._each():
            if member.offset == following:
                yield _content(archive, member)
                following = next(remaining, None)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if member.size > LARGEST_MEMBER:
        return b""
    file = archive.extractfile(member)
    return file.read() if file else b""
