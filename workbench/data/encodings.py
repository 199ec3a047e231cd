"""How letters were written as bytes: what a person can choose, and what is found by looking at the bytes."""

import codecs
from collections.abc import Mapping
from typing import Literal

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words, mark
from workbench.data.dataset import Problem

Encoding = Literal["auto", "utf-8", "utf-16", "gb18030", "cp1252"]
CHOICES: Mapping[str, str] = {
    "auto": "Automatic",
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "gb18030": "GB18030 (Chinese)",
    "cp1252": "Windows-1252 (Western)",
}
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_NO_TABLE = mark("{name} is not a table of texts.")
_LOOKED_AT = 200_000  # bytes
_FEW = 0.02  # share of letters beyond ASCII that may be damaged in a file that is in UTF-8 all the same
_FEW_SIGNS = 30  # that are too few to tell Chinese from Korean by
_SHOWN = {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows-1252"}


def decoded(
    name: str, content: bytes, encoding: str = "auto", refusal: str = _NO_TABLE
) -> tuple[str, str, list[Problem]]:
    """Return the text of a file, the encoding in which it was read, and what is odd about it.

    encoding: one of `Encoding`. refusal: what is said of {name} when it is something else. Letters that cannot be read
    become U+FFFD, and the first such line is named. Raises UserError when the content is no text.
    """
    found = encoding_of(content) if encoding == "auto" else _with_mark(content, encoding)
    text = content.decode(found, "replace").removeprefix("\ufeff")
    nothing = text[:10_000].count("\0")
    if not text.strip("\0 \r\n\t") or nothing > 10 or "\0" in text[:4]:
        raise UserError(
            refusal if text.strip() else mark("{name} is empty."),
            hint="Choose a file with text in it: CSV, TSV, JSON lines or plain text.",
            name=shown(name),
        )
    problems = []
    title = _SHOWN.get(found, found.replace("_", "-").upper())
    if encoding == "auto" and not found.startswith(("utf", "ascii")):
        words = Words(
            "{name} is not in UTF-8; it was read as {encoding}. Look whether the texts are right.",
            {"name": shown(name), "encoding": title},
        )
        problems.append(Problem("warning", words))
    lost = text.count("\N{REPLACEMENT CHARACTER}") + text.count("\0")
    if lost:
        place = min(place for place in (text.find("\N{REPLACEMENT CHARACTER}"), text.find("\0")) if place >= 0)
        words = Words(
            "Letters of {name} that could not be read as {encoding}: {count}, the first in line {line}.",
            {
                "count": f"{lost:,}",
                "name": shown(name),
                "encoding": title,
                "line": f"{text.count(chr(10), 0, place) + 1:,}",
            },
        )
        problems.append(Problem("warning", words))
    return text, title, problems


def encoding_of(content: bytes) -> str:
    """Return the encoding of what begins with these bytes, by a name that Python knows."""
    for begin, name in _MARKS.items():
        if content.startswith(begin):
            return name
    head = content[:_LOOKED_AT]
    if wide := _wide(head):
        return wide
    if _reads(content, "utf-8"):
        return "utf-8"
    damaged = content.decode("utf-8", "ignore")
    beyond = sum(not sign.isascii() for sign in damaged[:_LOOKED_AT])
    lost = head.decode("utf-8", "replace").count("\N{REPLACEMENT CHARACTER}")
    if lost <= _FEW * beyond:
        return "utf-8"
    if _looks_chinese(head):
        return "gb18030"
    import charset_normalizer  # slow to import, and rarely needed

    guess = charset_normalizer.from_bytes(head).best()
    name = guess.encoding if guess else "cp1252"
    western = all(sign in _WESTERN for sign in head.decode("cp1252", "replace") if not sign.isascii())
    return "cp1252" if western and _reads(head, "cp1252") and not name.startswith("utf") else name


_WESTERN = frozenset("äöüßÄÖÜéèêëàâáåæçîïíìñóòôøœùûúÿÉÈÊÀÂÁÅÆÇÎÍÑÓÔØŒÙÛÚ€£§°«»¿¡’‘“”„–—…·²³×\xa0")


def _with_mark(content: bytes, encoding: str) -> str:
    if encoding == "utf-8":
        return "utf-8-sig"
    if encoding == "utf-16" and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _wide(content[:_LOOKED_AT]) or "utf-16-le"
    return encoding


def _reads(content: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError:
        return False
    return True


def _wide(head: bytes) -> str:
    """Return "utf-16-le" or "utf-16-be" when line breaks and commas are written in two bytes, else ""."""
    size = len(head) // 2 * 2
    low, high = head[0:size:2], head[1:size:2]
    signs = b'\n,\t;"'
    little = sum(a in signs and not b for a, b in zip(low, high, strict=True))
    big = sum(b in signs and not a for a, b in zip(low, high, strict=True))
    if max(little, big) < 2 or max(low.count(0), high.count(0)) < 3 * min(low.count(0), high.count(0)) + 1:
        return ""
    found = "utf-16-le" if little > big else "utf-16-be"
    return found if _reads(head[:size], found) else ""


def _looks_chinese(head: bytes) -> bool:
    """Return whether pairs of bytes are mostly common Chinese signs in GB2312, of which GB18030 is an extension.

    Korean in EUC-KR has the same pairs, but hardly any from beyond row 40; Western letters rarely stand in pairs.
    """
    if not _reads(head, "gb18030"):
        return False
    pairs = common = beyond = place = 0
    while place < min(len(head) - 1, 50_000):
        if head[place] < 0x80:
            place += 1
            continue
        lead, trail = head[place], head[place + 1]
        pairs += 1
        common += trail >= 0xA1 and (0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3)
        beyond += 0xC9 <= lead <= 0xD7
        place += 2
    return common > 0.85 * pairs and (beyond > 0.12 * pairs or pairs < _FEW_SIGNS)
