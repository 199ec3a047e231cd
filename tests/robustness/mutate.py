"""Files as chance, a bad disk or an attacker would leave them: the same ones for the same seed."""

from random import Random

_ODD = (0, 1, 0x7F, 0x80, 0xFF)
_NUMBERS = (b"0", b"-1", b"1e308", b"NaN", b"99999999999999999999", b"9223372036854775807", b"4294967296")
_PIECES = (
    b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b"'", b"\n", b"\r\n", b",", b"[" * 200, b"{" * 200, b"../../../x",
    b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"__import__('os').system('x')", b"%s%n", b"\\u0000", b"null", b"true",
)  # fmt: skip


def mutated(content: bytes, others: list[bytes], chance: Random) -> bytes:
    """Return `content` with one to four faults in it; others: files of the same kind, of which pieces are taken."""
    result = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        chance.choice(_FAULTS)(result, others, chance)
    return bytes(result)


def _place(content: bytearray, chance: Random) -> int:
    """Return a place, more often near the beginning, where the lengths and the names stand."""
    if not content:
        return 0
    return chance.randrange(min(len(content), 128)) if chance.random() < 0.5 else chance.randrange(len(content))


def _flip(content: bytearray, others: list[bytes], chance: Random) -> None:
    if content:
        content[_place(content, chance)] ^= 1 << chance.randrange(8)


def _overwrite(content: bytearray, others: list[bytes], chance: Random) -> None:
    for _ in range(chance.randint(1, 8)):
        if content:
            content[_place(content, chance)] = chance.choice(_ODD) if chance.random() < 0.5 else chance.randrange(256)


def _number(content: bytearray, others: list[bytes], chance: Random) -> None:
    """Overwrite what may be a length: 2, 4 or 8 bytes, small, huge or negative, either end first."""
    size, place = chance.choice((2, 4, 8)), _place(content, chance)
    value = chance.choice((0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1), 2 ** (4 * size), chance.randrange(1 << 16)))
    content[place : place + size] = (value % 2 ** (8 * size)).to_bytes(size, chance.choice(("little", "big")))


def _cut(content: bytearray, others: list[bytes], chance: Random) -> None:
    del content[_place(content, chance) :]


def _remove(content: bytearray, others: list[bytes], chance: Random) -> None:
    begin = _place(content, chance)
    del content[begin : begin + chance.randint(1, 64)]


def _repeat(content: bytearray, others: list[bytes], chance: Random) -> None:
    begin = _place(content, chance)
    piece = bytes(content[begin : begin + chance.randint(1, 64)])
    content[begin:begin] = piece * chance.choice((1, 2, 50))


def _insert(content: bytearray, others: list[bytes], chance: Random) -> None:
    begin = _place(content, chance)
    content[begin:begin] = chance.choice((*_PIECES, *_NUMBERS, chance.randbytes(chance.randint(1, 32))))


def _digits(content: bytearray, others: list[bytes], chance: Random) -> None:
    """Put another number where one stands in figures, as in JSON and TOML."""
    begin = _place(content, chance)
    while begin < len(content) and not content[begin : begin + 1].isdigit():
        begin += 1
    end = begin
    while end < len(content) and content[end : end + 1].isdigit():
        end += 1
    if end > begin:
        content[begin:end] = chance.choice(_NUMBERS)


def _splice(content: bytearray, others: list[bytes], chance: Random) -> None:
    other = chance.choice(others)
    begin = chance.randrange(len(other) + 1)
    content[_place(content, chance) :] = other[begin:]


_FAULTS = (_flip, _flip, _overwrite, _number, _cut, _remove, _repeat, _insert, _digits, _splice)
