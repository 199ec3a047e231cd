"""Encrypted files: AES-256-GCM in chunks, so that a changed, lost, added or exchanged byte is noticed.

A file is a head and chunks. The head says how the key came from the passphrase (scrypt, RFC 7914), holds a check of
that key and is checksummed, so that a wrong passphrase and a damaged file can be told apart. Every file has a key of
its own, derived with HKDF (RFC 5869) from a random seed. Chunk n is sealed under the nonce (prefix, n, is it the last)
with the head as associated data: the construction STREAM (Hoang, Reyhanitabar, Rogaway and Vizár 2015). Reading and
writing take the memory of one chunk.
"""

import hashlib
import hmac
import io
import os
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from workbench.core.errors import UserError

MAGIC = b"WBLOCKED"
_VERSION = 1
_HEAD = struct.Struct("<8sBBBBB16s16s7s16s")  # magic, version, log2 n, r, p, log2 chunk, salt, seed, prefix, check
_SUM = 16  # bytes of the head's checksum, which follows it
_CHUNK, _TAG = 18, 16  # chunks of 256 KiB; bytes that sealing adds to each
_COST, _BLOCK, _PARALLEL = 17, 8, 1  # scrypt: 128 MiB and a third of a second for one try
_MOST_COST, _MOST_BLOCK, _MOST_PARALLEL, _MOST_CHUNK = 20, 16, 4, 24  # of a head that a stranger may have written


@dataclass(frozen=True)
class Lock:
    """A key that came from a passphrase, and how: files of one run share it, so that it is derived once."""

    salt: bytes
    cost: tuple[int, int, int]
    key: bytes

    @classmethod
    def of(cls, passphrase: str) -> "Lock":
        """Return a fresh lock for this passphrase."""
        salt = secrets.token_bytes(16)
        return cls(salt, (_COST, _BLOCK, _PARALLEL), derived(passphrase, salt, (_COST, _BLOCK, _PARALLEL)))


@dataclass(frozen=True)
class Head:
    """What stands before the chunks of a file. check: tells a wrong key. raw: its bytes."""

    cost: tuple[int, int, int]
    chunk: int
    salt: bytes
    seed: bytes
    prefix: bytes
    check: bytes
    raw: bytes

    def fits(self, key: bytes) -> bool:
        """Return whether this is the key of the file."""
        return hmac.compare_digest(_check(key), self.check)


def derived(passphrase: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    """Return the key that a passphrase gives: 32 bytes. cost: log2 n, r and p of scrypt."""
    exponent, block, parallel = cost
    memory = 128 * block * (2**exponent + parallel + 2) + (1 << 20)
    written = passphrase.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(written, salt=salt, n=2**exponent, r=block, p=parallel, maxmem=memory, dklen=32)


def is_locked(path: Path) -> bool:
    """Return whether the file is an encrypted one."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def head_of(path: Path) -> Head:
    """Return the head of an encrypted file; raises UserError when it is damaged."""
    with path.open("rb") as file:
        raw = file.read(_HEAD.size + _SUM)
    if len(raw) < _HEAD.size + _SUM or hashlib.sha256(raw[: _HEAD.size]).digest()[:_SUM] != raw[_HEAD.size :]:
        raise damaged(path)
    _, version, exponent, block, parallel, chunk, salt, seed, prefix, check = _HEAD.unpack(raw[: _HEAD.size])
    if version != _VERSION:
        raise UserError("{name} was encrypted by a newer version of this program.", name=path.name)
    if not (exponent <= _MOST_COST and 0 < block <= _MOST_BLOCK and 0 < parallel <= _MOST_PARALLEL):
        raise damaged(path)
    if not 10 <= chunk <= _MOST_CHUNK:
        raise damaged(path)
    return Head((exponent, block, parallel), 1 << chunk, salt, seed, prefix, check, raw)


def lock(read: Callable[[int], bytes], path: Path, key: Lock) -> None:
    """Write what `read(bytes)` gives, until it gives nothing, into an encrypted file that is synced to the disk."""
    seed, prefix = secrets.token_bytes(16), secrets.token_bytes(7)
    raw = _HEAD.pack(MAGIC, _VERSION, *key.cost, _CHUNK, key.salt, seed, prefix, _check(key.key))
    raw += hashlib.sha256(raw).digest()[:_SUM]
    cipher = _cipher(key.key, seed)
    with path.open("wb") as file:
        file.write(raw)
        number, piece = 0, _whole(read, 1 << _CHUNK)
        while True:
            following = _whole(read, 1 << _CHUNK) if len(piece) == 1 << _CHUNK else b""
            file.write(cipher.encrypt(_nonce(prefix, number, last=not following), piece, raw))
            if not following:
                break
            number, piece = number + 1, following
        file.flush()
        os.fsync(file.fileno())


class Unlocked(io.RawIOBase):
    """The content of an encrypted file, to be read and sought in like any other; what is read is proven first.

    Raises UserError for whatever is not as it was written. The end is proven at once: a shorter file is noticed.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__()
        self._path, self._head = path, head_of(path)
        self._file: IO[bytes] = path.open("rb")
        sealed = os.fstat(self._file.fileno()).st_size - len(self._head.raw)
        whole = self._head.chunk + _TAG
        self._chunks = -(-sealed // whole)
        self.size = sealed - self._chunks * _TAG
        self._cipher = _cipher(key, self._head.seed)
        self._place = 0
        self._number, self._content = -1, b""
        try:
            if self._chunks < 1 or self.size < 0:
                raise damaged(path)
            self._load(self._chunks - 1)
        except BaseException:
            self.close()
            raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        self._place = max(0, place + {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence])
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the chunk goes that the place is in, and return how many bytes that were."""
        if self._place >= self.size:
            return 0
        number, begin = divmod(self._place, self._head.chunk)
        self._load(number)
        piece = self._content[begin : begin + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _load(self, number: int) -> None:
        from cryptography.exceptions import InvalidTag  # takes a while to import, and hardly any file is encrypted

        if number == self._number:
            return
        whole = self._head.chunk + _TAG
        self._file.seek(len(self._head.raw) + number * whole)
        sealed = self._file.read(whole)
        nonce = _nonce(self._head.prefix, number, last=number == self._chunks - 1)
        try:
            self._content = self._cipher.decrypt(nonce, sealed, self._head.raw)
        except (InvalidTag, ValueError) as error:
            raise damaged(self._path) from error
        self._number = number


def damaged(path: Path) -> UserError:
    """Return the error for an encrypted file that is not what was written."""
    return UserError(
        "{name} is damaged or was changed: it is not what was encrypted.",
        hint="Take it from a copy.",
        name=path.name,
    )


def _cipher(key: bytes, seed: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # see above

    return AESGCM(_expanded(key, b"workbench file" + seed))


def _check(key: bytes) -> bytes:
    return _expanded(key, b"workbench check")[:16]


def _expanded(key: bytes, purpose: bytes) -> bytes:
    """Return a key for one purpose: HKDF-Expand of one block, from a key that is random already."""
    return hmac.new(key, purpose + b"\x01", hashlib.sha256).digest()


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _whole(read: Callable[[int], bytes], count: int) -> bytes:
    """Return `count` bytes, fewer only at the end."""
    parts: list[bytes] = []
    left = count
    while left and (piece := read(left)):
        parts.append(piece)
        left -= len(piece)
    return b"".join(parts)
