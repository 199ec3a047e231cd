"""The book of who asked: what came of every request, and who is told of it."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic_core import to_json

Line = Mapping[str, Any]
_PACE = 0.1  # seconds between two times that somebody is told: nobody reads faster


class AuditLog:
    """A line of JSON for every request, with what came of it; never a token, never what was asked.

    Requests that end in one turn of the event loop are written together. told: is given the new lines, a few times a
    second.
    """

    def __init__(self, file: Path | None, told: Callable[[Sequence[Line]], None] = lambda lines: None) -> None:
        self._file, self._told = file, told
        self._unwritten: list[Line] = []
        self._untold: list[Line] = []
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)

    def note(self, **facts: Any) -> None:
        """Write down a request; called in the event loop."""
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **facts}
        loop = asyncio.get_running_loop()
        if not self._unwritten:
            loop.call_soon(self._write)
        if not self._untold:
            loop.call_later(_PACE, self._tell)
        self._unwritten.append(line)
        self._untold.append(line)

    def close(self) -> None:
        """Write and tell what is left."""
        self._write()
        self._tell()

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield what is written so far."""
        if self._file is not None and self._file.is_file():
            for line in self._file.read_text("utf-8").splitlines():
                yield json.loads(line)

    def _write(self) -> None:
        lines, self._unwritten = self._unwritten, []
        if self._file is not None and lines:
            with self._file.open("ab") as file:  # anew each time: it may have been moved away
                file.write(b"".join(to_json(line) + b"\n" for line in lines))

    def _tell(self) -> None:
        lines, self._untold = self._untold, []
        if lines:
            self._told(lines)
