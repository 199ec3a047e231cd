"""Who may ask: named tokens with an end, a pace and a way back, kept as digests."""

import hashlib
import json
import math
import secrets
import time
from collections import deque
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from workbench.core.errors import UserError
from workbench.core.files import write_json

BYTES = 32  # of chance in a token
_MINUTE = 60.0
Refusal = Literal["", "unknown", "expired", "revoked", "too many"]


@dataclass(frozen=True)
class Access:
    """What a token allows. expires: seconds since 1970, 0 for never. per_minute: requests, 0 for any number."""

    name: str
    digest: str
    expires: float = 0.0
    per_minute: int = 0
    revoked: bool = False


class Tokens:
    """The tokens of a service: those of a file, which is read again when it changes, and those given to it."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._given: dict[str, Access] = {}
        self._known: dict[str, Access] = {}
        self._asked: dict[str, deque[float]] = {}

    def allow(self, token: str, name: str = "started with") -> None:
        """Let in whoever shows this token, as long as the service runs."""
        self._given[_digest(token)] = Access(name, _digest(token))

    def judged(self, token: str) -> tuple[Refusal, str]:
        """Return why a token is refused, "" when it is not, and whose it is; counts as a request of it.

        Tokens are looked up by their digest, so that how long it takes says nothing about them.
        """
        self._read_again()
        digest = _digest(token)
        access = self._given.get(digest) or self._known.get(digest)
        if access is None:
            return "unknown", ""
        if access.revoked:
            return "revoked", access.name
        if access.expires and time.time() >= access.expires:
            return "expired", access.name
        return ("too many" if self._is_too_fast(access) else ""), access.name

    def seconds_to_wait(self, name: str) -> int:
        """Return in how many whole seconds a token that asked too often may ask again."""
        access = next((access for access in self._known.values() if access.name == name), None)
        asked = self._asked.get(access.digest) if access else None
        return max(1, math.ceil(asked[0] + _MINUTE - time.monotonic())) if asked else 1

    def _is_too_fast(self, access: Access) -> bool:
        if not access.per_minute:
            return False
        asked, now = self._asked.setdefault(access.digest, deque()), time.monotonic()
        while asked and asked[0] <= now - _MINUTE:
            asked.popleft()
        if len(asked) >= access.per_minute:
            return True
        asked.append(now)
        return False

    def _read_again(self) -> None:
        if self._file is None:
            return
        try:
            facts = self._file.stat()
        except OSError:
            self._known, self._stamp = {}, None
            return
        stamp = facts.st_mtime_ns, facts.st_size
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._known = {access.digest: access for access in read(self._file)}
            except UserError:  # damaged while the service runs: then nobody is let in by it
                self._known = {}


def fresh() -> str:
    """Return a new token."""
    return secrets.token_urlsafe(BYTES)


def read(file: Path) -> list[Access]:
    """Return the tokens in a file, by name; none when it is missing or empty. Raises UserError when it is damaged."""
    try:
        text = file.read_text(encoding="utf-8")
        plain = json.loads(text) if text.strip() else {}
        return [Access(name, **facts) for name, facts in sorted(plain.items())]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(
            "The tokens in {path} cannot be read: {reason}.",
            hint="See that it is a file that you may read, or name another one.",
            path=str(file),
            reason=error.strerror or str(error),
        ) from error
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise UserError(
            "{path} is not a list of tokens.",
            hint="It stays as it is. Name another file, or put a sound copy of it there.",
            details=str(error),
            path=str(file),
        ) from error


def add(file: Path, name: str, *, expires: float = 0.0, per_minute: int = 0) -> str:
    """Add a token called `name` to a file and return it; its digest is kept. Raises UserError for a name in use."""
    known = {access.name: access for access in read(file)}
    if name in known and not known[name].revoked:
        raise UserError("There is a token called {name}.", hint="Revoke it first, or choose another name.", name=name)
    token = fresh()
    _write(file, [*(a for a in known.values() if a.name != name), Access(name, _digest(token), expires, per_minute)])
    return token


def revoke(file: Path, name: str) -> None:
    """Take a token back, at once also for a service that runs; raises UserError for an unknown name."""
    known = read(file)
    if name not in {access.name for access in known}:
        raise UserError("There is no token called {name}.", name=name)
    _write(file, [replace(access, revoked=True) if access.name == name else access for access in known])


def _write(file: Path, known: list[Access]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    plain = {}
    for access in known:
        facts = asdict(access)
        plain[facts.pop("name")] = facts
    write_json(file, plain)
    file.chmod(0o600)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
