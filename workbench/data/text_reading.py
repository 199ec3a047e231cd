"""Reading text files that are not to be trusted: their encoding, and the documents in them."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words
from workbench.data.dataset import Skipped
from workbench.data.encodings import encoding_of
from workbench.data.table_reading import TEXT_NAMES

PLAIN, LINES = (".txt", ".text", ".md", ".markdown"), (".jsonl", ".ndjson")
MOST_BYTES = 1_000_000_000
_BROKEN = re.compile("[\x00\ud800-\udfff]")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOKED_AT = 200_000  # characters


@dataclass(frozen=True)
class Read:
    """The texts of a file with their names. encoding: in which it was read. longest: characters of its longest line."""

    texts: list[str]
    names: list[str]
    encoding: str
    longest: int
    skipped: tuple[Skipped, ...] = ()


def read_texts(path: Path, encoding: str = "auto", column: str = "auto") -> Read:
    """Return the documents of a file: the whole text, or of JSON lines one in each line.

    column: name of the field with the text, or "auto". Raises UserError when it cannot be read, is no text or has
    nothing in it.
    """
    name = shown(path.name)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("{name} could not be read: {reason}.", name=name, reason=reason) from error
    if size > MOST_BYTES:
        raise UserError(
            "{name} is too large: more than {most} GB.",
            hint="Split it into several files and train on some of them.",
            name=name,
            most=MOST_BYTES // 10**9,
        )
    text, found = decoded(content, encoding, name)
    text = _BROKEN.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        raise UserError("{name} is empty.", hint="Choose a file with text in it.", name=name)
    longest = max(map(len, text.splitlines()))
    if path.suffix.lower() in LINES:
        texts, names, skipped = _of_lines(name, text, column)
        return Read(texts, names, found, longest, tuple(skipped))
    return Read([text], [name], found, longest)


def decoded(content: bytes, encoding: str, name: str) -> tuple[str, str]:
    """Return the text that these bytes stand for, and in which encoding it was read; raises UserError when it is none.

    encoding: "auto", or one of `encodings.Encoding`. What is not in a chosen encoding is refused.
    """
    found = encoding_of(content) if encoding == "auto" or content.startswith(_MARKS) else encoding
    try:
        text = content.decode(found, "replace" if encoding == "auto" else "strict").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UserError(
            "{name} is not in {encoding}: byte {place} cannot be read.",
            hint="Choose another encoding.",
            name=name,
            encoding=found.upper(),
            place=f"{error.start:,}",
        ) from error
    head = text[:_LOOKED_AT]
    odd = sum(head.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\v\f\r\x1b")
    if odd > len(head) // 100:
        raise UserError("{name} is not a text.", hint="Choose a text file, or say in which encoding it is.", name=name)
    return text, found.removesuffix("-sig").removesuffix("-le").removesuffix("-be")


def _of_lines(name: str, text: str, column: str) -> tuple[list[str], list[str], list[Skipped]]:
    texts: list[str] = []
    names: list[str] = []
    skipped: list[Skipped] = []
    field = "" if column == "auto" else column
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            skipped.append(Skipped(place, Words("It is not JSON.")))
            continue
        field = field or _field(row)
        found = row if isinstance(row, str) else row.get(field) if isinstance(row, dict) else None
        if isinstance(found, str) and found.strip():
            texts.append(_BROKEN.sub("\N{REPLACEMENT CHARACTER}", found))
            names.append(place)
        else:
            skipped.append(Skipped(place, Words("It has no text.")))
    if not texts:
        raise UserError(
            "No line of {name} has a text.",
            hint="Say which field holds it in the setting Text field.",
            name=name,
        )
    return texts, names, skipped


def _field(row: object) -> str:
    """Return the field that is usually called so, else the one with the longest text."""
    if not isinstance(row, dict):
        return ""
    usual = (key for wanted in TEXT_NAMES for key in row if key.lower() == wanted and isinstance(row[key], str))
    texts = {key: len(value) for key, value in row.items() if isinstance(value, str)}
    return next(usual, max(texts, key=lambda key: texts[key], default=""))


def first_rows(path: Path, count: int = 20) -> Iterator[object]:
    """Yield what the first lines of JSON lines hold, as far as they are JSON."""
    with path.open("rb") as file:
        for _ in range(count):
            try:
                yield json.loads(file.readline(1_000_000))
            except ValueError:
                return
