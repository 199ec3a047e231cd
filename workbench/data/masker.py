"""Taking personal data out of texts and rows: a fixed word stands in each place, or a hash that is equal for equals."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from workbench.data.masking_key import key_called
from workbench.data.personal_patterns import PATTERNS, narrowed, replaced
from workbench.data.table_values import MISSING

_LETTERS = "abcdefghijklmnop"  # one for each half of a byte: no digits, so that no pattern finds anything in a hash
_HASHED = 6  # bytes of a hash that are kept
COLUMN = "masked"  # what stands for the whole value of a column
_OF_CHINA = re.compile(r"^(?:00)?86(?=1\d{10}$)")


@dataclass(frozen=True)
class Masker:
    """What is taken out. patterns: names of PATTERNS; columns: names of those whose whole values go.

    key: the name of the key of hashes, or "" where fixed words stand in. What was masked once is not changed again.
    """

    patterns: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    key: str = ""

    def text(self, text: str) -> str:
        """Return the text with a word in the place of everything personal in it."""
        for pattern in PATTERNS:
            if pattern in self.patterns:
                text = replaced(pattern, text, partial(self.word, pattern))
        return text

    def cell(self, column: str, value: Any) -> Any:
        """Return a cell of a table, masked; what is empty stays so, and a number without anything in it a number."""
        if value is None or isinstance(value, bool) or str(value).strip().lower() in MISSING:
            return value
        written = _written(value)
        if column in self.columns:
            return written if _is_masked(written) else self.word(COLUMN, written.strip())
        masked = self.text(written)
        return value if masked == written else masked

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row by column, masked."""
        return {self.text(column): self.cell(column, value) for column, value in row.items()}

    def names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return names, such as those of columns or files, masked; equal ones get a number."""
        found: list[str] = []
        for name in names:
            masked = self.text(name)
            found.append(masked if masked == name or masked not in found else f"{masked}{len(found) + 1}")
        return tuple(found)

    def word(self, kind: str, value: str) -> str:
        """Return what stands for a value: of a pattern, or COLUMN where it is the whole one of a column.

        It is asked once for each place, in the order in which they are taken out.
        """
        if not self.key:
            return f"[{kind}]"
        plain = _plain(kind, value)
        digest = hmac.new(self.secret(), f"{kind}\0{plain}".encode("utf-8", "replace"), hashlib.sha256).digest()
        return f"[{kind}-{''.join(_LETTERS[half] for byte in digest[:_HASHED] for half in divmod(byte, 16))}]"

    def secret(self) -> bytes:
        """Return the key of hashes; raises UserError when it is not on this machine."""
        return key_called(self.key)

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON, without the key; `from_plain` is the way back."""
        return {"patterns": list(self.patterns), "columns": list(self.columns), "key": self.key}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Masker":
        """Return the masker that `to_plain` described."""
        return cls(tuple(plain["patterns"]), tuple(plain["columns"]), str(plain["key"]))


def _plain(kind: str, value: str) -> str:
    """Return a value so that ways of writing make no difference: +86 138-0013-8000 and 13800138000 are one number."""
    value = (value if kind == COLUMN else narrowed(value)).lower()
    if kind in ("mail", "ip", COLUMN):
        return value
    digits = "".join(filter(str.isalnum, value))
    return _OF_CHINA.sub("", digits) if kind == "phone" else digits


def _written(value: Any) -> str:
    """Return a cell as a file would have it: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_masked(text: str) -> bool:
    return text == f"[{COLUMN}]" or (text.startswith(f"[{COLUMN}-") and text.endswith("]"))
