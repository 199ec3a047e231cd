"""Decodes images in a process of its own: started by path, so that it loads Pillow and numpy and nothing else.

It reads one request a line from its input and writes one answer a line; it ends when its input closes, so it never
outlives the program. Pixels go straight into the memory-mapped file that becomes the cache.
"""

import hashlib
import json
import sys
import zlib
from pathlib import Path
from typing import IO, Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from workbench.core import images
from workbench.core.errors import UserError

_HEADER = 30  # bytes of a zip member's header before its name
_STORED, _DEFLATED = 0, 8
_LARGEST = 500_000_000  # bytes of one file


class Job:
    """What to do with the rows of one data set: measure them, or decode them too.

    plan: channels, height, width (0: only measure), images, measures and digests (paths of arrays) and access, which is
    what a source says of its files.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self.channels, self.height, self.width = plan["channels"], plan["height"], plan["width"]
        self.measures = np.load(plan["measures"], mmap_mode="r+")  # (N, 3) int32: height, width, channels; 0 if unread
        self.images = np.load(plan["images"], mmap_mode="r+") if plan["images"] else None
        self.digests = np.load(plan["digests"], mmap_mode="r+") if plan["images"] else None
        self._access = plan["access"]
        self._archive: IO[bytes] | None = None
        self._places = np.load(self._access["places"]).tolist() if "places" in self._access else []
        self._paths: list[str] = []
        if "paths" in self._access:
            self._paths = Path(self._access["paths"]).read_bytes().decode("utf-8", "surrogateescape").split("\0")
        if "archive" in self._access:
            self._archive = open(self._access["archive"], "rb")  # noqa: SIM115 - for as long as the job lasts

    def close(self) -> None:
        """Close the archive."""
        if self._archive:
            self._archive.close()

    def done(self, begin: int, end: int, contents: list[bytes] | None = None) -> dict[str, Any]:
        """Do rows begin…end and return {"rows": number, "failed": [[row, error]…], "notes": {name: number}}.

        contents: the bytes of the files, when they do not lie where they can be reached.
        """
        failed: list[tuple[int, dict[str, Any]]] = []
        notes: dict[str, int] = {}
        for row in range(begin, end):
            try:
                source = contents[row - begin] if contents is not None else self._source(row)
                for note in self._one(row, source):
                    notes[note] = notes.get(note, 0) + 1
            except UserError as error:
                failed.append((row, error.to_plain()))
        return {"rows": end - begin, "failed": failed, "notes": notes}

    def _one(self, row: int, source: images.Source) -> tuple[str, ...]:
        if self.images is None or self.digests is None:
            self.measures[row] = images.measured(source)
            return ()
        reading = images.read(source, self.channels, self.height, self.width)
        self.images[row] = reading.pixels
        digest = hashlib.blake2b(self.images[row].tobytes(), digest_size=16).digest()
        self.digests[row] = np.frombuffer(digest, np.uint64)
        self.measures[row] = (reading.height, reading.width, reading.channels)
        return reading.notes

    def _source(self, row: int) -> images.Source:
        if self._archive is None:
            return self._paths[row]
        try:
            if self._access["kind"] == "zip":
                return _zip_member(self._archive, *self._places[row])
            offset, size = self._places[row]
            self._archive.seek(offset)
            return self._archive.read(min(size, _LARGEST))
        except OSError as error:
            raise UserError("It could not be read.", details=str(error)) from error


def _zip_member(archive: IO[bytes], offset: int, packed_size: int, size: int, method: int, crc: int) -> bytes:
    """Return the content of a member of a zip archive, checked against its CRC."""
    if method not in (_STORED, _DEFLATED):
        raise UserError("It is encrypted, or packed in an unusual way.")
    if size > _LARGEST or packed_size > _LARGEST:
        raise UserError("It is too large.")
    archive.seek(offset)
    header = archive.read(_HEADER)
    if len(header) < _HEADER or header[:4] != b"PK\3\4":
        raise UserError("It is damaged.")
    archive.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    content = archive.read(packed_size)
    if method == _DEFLATED:
        try:
            content = zlib.decompressobj(-15).decompress(content, size + 1)
        except zlib.error as error:
            raise UserError("It is damaged.", details=str(error)) from error
    if zlib.crc32(content) != crc:
        raise UserError("It is damaged.", details="CRC")
    return content


def main() -> None:
    """Answer requests until the input ends: first the plan, then {"begin", "end", "sizes"} with the bytes of files."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    job = Job(json.loads(requests.readline()))
    while line := requests.readline():
        request = json.loads(line)
        sizes = request.get("sizes")
        contents = None if sizes is None else [requests.read(size) for size in sizes]
        answers.write(json.dumps(job.done(request["begin"], request["end"], contents)).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
