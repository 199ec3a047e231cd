"""What tells of a person wherever it stands in a text: mail addresses, telephone and identity numbers, cards, IP.

Each pattern is looked for by its form; where its numbers carry a check digit or a date, these decide. Spaces and
hyphens between the digits are allowed, and all of it may be written in the wide signs of Chinese and Japanese. No
expression can run long: every repetition is bounded.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # no part of an address: no space stands there
# Domains that end in ideographs: the word after the last point must be one of these, since text may follow at once.
_ENDS = (
    "中国|中國|公司|网络|網絡|网址|网站|中文网|在线|商城|商店|网店|集团|信息|手机|移动|企业|机构|组织机构|公益|政务|政府|游戏|娱乐|购物"
    "|新闻|健康|时尚|招聘|慈善|佛山|广东|香港|台湾|台灣|澳门|澳門|新加坡|世界|我爱你|コム|みんな"
)
_NARROW = rf"(?![{_IDEOGRAPHS}])"
_MAIL = re.compile(
    rf"(?:(?:{_NARROW}[\w.+%'-]){{1,64}}|[{_IDEOGRAPHS}]{{1,4}})@"  # of ideographs as many as a name has: more is text
    rf"(?:(?:(?:{_NARROW}[\w-]){{1,63}}\.){{1,8}}(?:xn--[a-z\d-]{{2,59}}|(?:{_NARROW}[^\W\d_]){{2,24}})"
    rf"|(?:[\w-]{{1,63}}\.){{1,8}}(?:{_ENDS}|(?:{_NARROW}[^\W\d_]){{2,24}}))"
)
_RESIDENT = re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[ -]?[\dXx](?![\dA-Za-z])")
_SOCIAL = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}([ -])(?!00)\d{2}\1(?!0000)\d{4}(?![\d-])")
_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,40}(?!\d)")
_TELEPHONES = (
    re.compile(r"(?<![\w+])\+[1-9](?:[ .()/-]{0,2}\d){6,14}(?!\d)"),  # with the code of a country
    re.compile(r"(?<!\d)(?:(?:00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"),  # mobile, China
    re.compile(r"(?<![\d-])0\d{2,3}-[2-9]\d{6,7}(?:-\d{1,5})?(?![\d-])"),  # fixed, China
    re.compile(r"\(0\d{2,3}\)[ -]?[2-9]\d{2,3}[ -]?\d{4}(?:-\d{1,5})?(?![\d-])"),
    re.compile(r"(?<![\d-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-.])[2-9]\d{2}[-.]\d{4}(?![\d-])"),  # North America
)
_FOUR = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\.?\d)")
_SIX = re.compile(r"(?<![\w:])[0-9A-Fa-f:]{3,39}(?![\w:])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # 2^17 … 2^1 modulo 11
_SHORTEST_CARD, _LONGEST_CARD = 13, 19
_FIRST = (2, 3, 4, 5, 6, 8)  # digits that cards begin with
_MOBILE = re.compile(r"861[3-9]\d{9}")  # of China, with the code of the country: by chance one in ten passes Luhn
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20
}  # to the same signs in their usual width

Span = tuple[int, int]


def is_resident_number(number: str) -> bool:
    """Return whether 18 signs are a Chinese resident identity number: with a date, and a check by ISO 7064 mod 11-2."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False)) % 11
    last = 10 if number[17] in "Xx" else int(number[17])
    return born.year >= 1850 and last == (12 - rest) % 11


def passes_luhn(digits: str) -> bool:
    """Return whether digits carry the check digit of payment cards (Luhn 1960, ISO/IEC 7812)."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0


def narrowed(text: str) -> str:
    """Return a text of the same length, in which wide signs, such as １ and ＠, are the usual ones."""
    return text if text.isascii() else text.translate(_WIDE)


def _mails(text: str) -> Iterator[Span]:
    if "@" in text:
        yield from (found.span() for found in _MAIL.finditer(text))


def _identities(text: str) -> Iterator[Span]:
    for found in _RESIDENT.finditer(text):
        if is_resident_number(found.group().replace(" ", "").replace("-", "")):
            yield found.span()
    yield from (found.span() for found in _SOCIAL.finditer(text))


def _cards(text: str) -> Iterator[Span]:
    """Yield cards, the longest first that begins at each group of digits: other numbers may stand right beside one."""
    for run in _DIGITS.finditer(text):
        groups = [found.span() for found in re.finditer(r"\d+", run.group())]
        first = int(text[run.start() - 1 : run.start()] == "+")  # what a plus stands before is a telephone number
        while first < len(groups):
            last = _card_from(run.group(), groups, first)
            if last is not None:
                yield run.start() + groups[first][0], run.start() + groups[last][1]
            first = first + 1 if last is None else last + 1


def _card_from(run: str, groups: list[Span], first: int) -> int | None:
    """Return the last of the groups of digits that together with `first` are a card, or None."""
    found, digits = None, ""
    for last in range(first, len(groups)):
        digits += run[slice(*groups[last])]
        if len(digits) > _LONGEST_CARD or int(digits[0]) not in _FIRST:
            break
        if len(digits) >= _SHORTEST_CARD and passes_luhn(digits) and not _MOBILE.fullmatch(digits):
            found = last
    return found


def _telephones(text: str) -> Iterator[Span]:
    for expression in _TELEPHONES:
        yield from (found.span() for found in expression.finditer(text))


def _addresses(text: str) -> Iterator[Span]:
    yield from (found.span() for found in _FOUR.finditer(text))
    for found in _SIX.finditer(text) if text.count(":") > 1 else ():
        try:
            address = ipaddress.IPv6Address(found.group())
        except ValueError:
            continue
        if int(address):  # two colons alone are punctuation
            yield found.span()


# By name, in the order in which they are looked for: what the first ones take is not looked at by the next.
PATTERNS: Mapping[str, Callable[[str], Iterator[Span]]] = {
    "mail": _mails,
    "identity": _identities,
    "card": _cards,
    "phone": _telephones,
    "ip": _addresses,
}


def places(pattern: str, text: str) -> list[Span]:
    """Return where a pattern stands in a text, in order; what overlaps is one place."""
    found: list[Span] = []
    for begin, end in sorted(PATTERNS[pattern](narrowed(text))):
        if found and begin < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def replaced(pattern: str, text: str, word: Callable[[str], str]) -> str:
    """Return the text with `word(what stood there)` in each place of a pattern."""
    parts: list[str] = []
    done = 0
    for begin, end in places(pattern, text):
        parts += (text[done:begin], word(text[begin:end]))
        done = end
    return "".join((*parts, text[done:])) if parts else text
