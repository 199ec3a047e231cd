"""How the lines of a CSV are put together, seen from its beginning: encoding, separator, header, names of columns."""

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path

import polars

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.data.encodings import encoding_of
from workbench.data.polars_errors import UNREADABLE
from workbench.data.table_reading import SEPARATORS

_HEAD = 1 << 20  # bytes looked at
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?%?")


@dataclass(frozen=True)
class Layout:
    """encoding: a name that Python knows. named: whether the first line holds the names. head: the first whole
    lines. repeated: names that stood more than once.
    """

    encoding: str
    separator: str
    named: bool
    columns: tuple[str, ...]
    head: str
    repeated: tuple[str, ...] = ()


def sniffed(path: Path, header: str = "auto", encoding: str = "auto") -> Layout:
    """Return the layout of a CSV; header is "auto", "yes" or "no", encoding "auto" or a name. Raises UserError."""
    try:
        with path.open("rb") as file:
            content = file.read(_HEAD)
            whole = not file.read(1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("{name} could not be read: {reason}.", name=shown(path.name), reason=reason) from error
    encoding = encoding_of(content) if encoding == "auto" else encoding
    text = codecs.getincrementaldecoder(encoding)("replace").decode(content).removeprefix("\ufeff")
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    if "\0" in text[:10_000] or not text.strip():
        raise UserError("{name} is not a table.", hint="Choose a CSV, TSV or Parquet file.", name=shown(path.name))
    separator = separator_of(text, SEPARATORS.get(path.suffix.lower(), ",;\t|"))
    rows = _first_rows(text, separator)
    if not rows:
        raise UserError("{name} is not a table.", hint="Choose a CSV, TSV or Parquet file.", name=shown(path.name))
    named = header == "yes" or (header == "auto" and looks_named(rows))
    names = distinct(rows[0]) if named else tuple(str(number) for number in range(1, len(rows[0]) + 1))
    return Layout(encoding, separator, named, names, text, repeated(rows[0]) if named else ())


def looks_named(rows: list[list[str]]) -> bool:
    """Return whether the first row names the columns: no cell of it is a number or empty, but some below are.

    Without any number, a first row whose cells do not occur again below it is taken for names.
    """
    first, others = rows[0], rows[1:]
    if not others or any(_NUMBER.fullmatch(cell.strip()) for cell in first):
        return not others
    if any(_NUMBER.fullmatch(cell.strip()) for row in others for cell in row):
        return True
    return all(all(row[place : place + 1] != [cell] for row in others) for place, cell in enumerate(first))


def distinct(names: list[str]) -> tuple[str, ...]:
    """Return names that all differ: an empty one becomes its number, a repeated one gets a number behind it."""
    result: list[str] = []
    for number, name in enumerate(names, 1):
        name = name.strip() or str(number)
        while name in result:
            name = f"{name}_{number}"
        result.append(name)
    return tuple(result)


def repeated(names: list[str]) -> tuple[str, ...]:
    """Return the names that stand more than once."""
    return tuple(sorted({name for name in names if name and names.count(name) > 1}))


def separator_of(text: str, candidates: str) -> str:
    """Return the separator that cuts the first lines into the same number of pieces, most of them in doubt."""
    lines = [line for line in text[:100_000].splitlines()[:50] if line.strip()]

    def fitness(separator: str) -> tuple[bool, int]:
        counts = [line.count(separator) for line in lines]
        common = max(set(counts), key=counts.count)
        return common > 0 and counts.count(common) > len(counts) / 2, sum(count > 0 for count in counts)

    return max(candidates, key=fitness)


def _first_rows(text: str, separator: str) -> list[list[str]]:
    try:
        frame = polars.read_csv(
            io.BytesIO(text.encode("utf-8", "replace")),
            has_header=False,
            separator=separator,
            infer_schema=False,
            truncate_ragged_lines=True,
            n_rows=200,
        )
    except UNREADABLE:
        return []
    return [["" if cell is None else cell for cell in row] for row in frame.rows()]
