"""Reading text files that are not to be trusted: their encoding, and the documents in them."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words, mark
from workbench.data.dataset import Skipped
from workbench.data.table_reading import TEXT_NAMES

PLAIN, LINES = (".txt", ".text", ".md", ".markdown"), (".jsonl", ".ndjson")
MOST_BYTES = 1_000_000_000
_BROKEN = re.compile("[\x00\ud800-\udfff]")
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_GUESSED_FROM = 200_000  # bytes
_CHINESE = {"gb2312", "gbk", "gb18030", "hz", "johab", "cp949", "euc_kr", "big5", "big5hkscs"}
_COMMON = re.compile("[\u4e00-\u9fa5，。、！？：；（）“”]")  # what most of a Chinese text consists of


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

    encoding: "auto", or a name that Python knows.
    """
    begin = next((known for sign, known in _MARKS.items() if content.startswith(sign)), "")
    chosen = begin if encoding == "auto" and begin else encoding
    if chosen == "auto":
        if b"\0" in content[:_GUESSED_FROM]:
            raise _no_text(name)
        chosen = _encoding_of(content)
    try:
        text = content.decode("utf-8-sig" if chosen == "utf-8" else chosen)
    except UnicodeDecodeError as error:
        if encoding != "auto" or begin:
            raise UserError(
                "{name} is not in {encoding}: byte {place} cannot be read.",
                hint="Choose another encoding.",
                name=name,
                encoding=chosen.upper(),
                place=f"{error.start:,}",
            ) from error
        text = content.decode(chosen, "replace")
    head = text[:_GUESSED_FROM]
    odd = sum(head.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\v\f\r\x1b")
    if odd > len(head) // 100:
        raise _no_text(name)
    return text, chosen


def _encoding_of(content: bytes) -> str:
    try:
        content.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    head = content[:_GUESSED_FROM]
    chinese = head.decode("gb18030", "replace")
    beyond = [sign for sign in chinese if ord(sign) > 127]
    if beyond and "\ufffd" not in chinese[:-4] and len(_COMMON.findall(chinese)) > 0.7 * len(beyond):
        return "gb18030"
    import charset_normalizer  # slow to import, and rarely needed

    guess = charset_normalizer.from_bytes(head).best()
    return guess.encoding if guess and guess.encoding not in _CHINESE else "cp1252"


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


def _no_text(name: str) -> UserError:
    return UserError(
        mark("{name} is not a text."), hint="Choose a text file, or say in which encoding it is.", name=name
    )
