"""Reading a table of texts that is not to be trusted: CSV, TSV, JSON lines and Parquet, with the line of every row."""

import io
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import numpy as np
import polars

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words, mark
from workbench.data.dataset import Problem, Skipped
from workbench.data.encodings import decoded
from workbench.data.polars_errors import UNREADABLE

SEPARATORS = {".csv": ",;\t|", ".tsv": "\t", ".tab": "\t", ".txt": "\t,;|"}
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
PARQUET_ENDINGS = (".parquet", ".pq", ".parq")
ENDINGS = frozenset((*SEPARATORS, *JSON_ENDINGS, *PARQUET_ENDINGS))
_MOST_BYTES = 2_000_000_000
LONGEST_TEXT = 1_000_000  # characters
TOO_LONG = Words("It is longer than a million characters.")
_SWALLOWED = 10  # line breaks inside one field from which on a missing quotation mark is more likely than a long text
_BROKEN = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Table:
    """Rows of texts. columns: by name, each with one text a row. lines: (N,) the line each row begins in, from 1.

    named: whether the names come from the file and are not just numbers. encoding: in which it was read. separator:
    what stands between two cells.
    """

    columns: dict[str, list[str]]
    lines: np.ndarray
    named: bool = True
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = field(default=())
    encoding: str = ""
    separator: str = ""


def read_table(path: Path, header: str = "auto", encoding: str = "auto", separator: str = "auto") -> Table:
    """Return the rows of a table; raises UserError when it is no table.

    header: "auto", "yes" or "no". encoding: "auto", or one of `encodings.CHOICES`. separator: "auto", or what stands
    between two cells.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(
                "{name} is too large: more than {most} GB.",
                hint="Split it into several files.",
                name=shown(path.name),
                most=_MOST_BYTES // 10**9,
            )
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("{name} could not be read: {reason}.", name=shown(path.name), reason=reason) from error
    return parsed(path.name, content, header, encoding, separator)


def parsed(name: str, content: bytes, header: str = "auto", encoding: str = "auto", separator: str = "auto") -> Table:
    """Return the rows of the table with this content; its name says whether it is CSV, JSON lines or Parquet."""
    path = PurePath(name)
    if path.suffix.lower() in PARQUET_ENDINGS:
        return from_parquet(path, content)
    text, found, problems = decoded(name, content, encoding)
    if path.suffix.lower() in JSON_ENDINGS:
        table = _from_json(path, text)
    else:
        candidates = SEPARATORS.get(path.suffix.lower(), ",;\t|") if separator == "auto" else separator
        table = _from_separated(path, text, header, _separator(text, candidates))
    return replace(table, problems=(*problems, *table.problems), encoding=found)


def clean(text: str) -> str:
    """Return a text without what no font, database or tokenizer takes, NUL and lone surrogates; a huge one is cut."""
    return _BROKEN.sub("\N{REPLACEMENT CHARACTER}", text[:LONGEST_TEXT]).strip()


def _from_separated(path: PurePath, text: str, header: str, separator: str) -> Table:
    try:
        frame = polars.read_csv(
            io.BytesIO(text.encode("utf-8", "replace")),
            has_header=False,
            separator=separator,
            infer_schema=False,
            truncate_ragged_lines=True,
        ).fill_null("")
    except UNREADABLE as error:
        raise UserError(
            "{name} could not be read as a table.",
            hint="A text with a comma or a line break in it needs quotation marks around it.",
            details=str(error),
            name=shown(path.name),
        ) from error
    breaks = (
        frame.select(polars.sum_horizontal(polars.all().str.count_matches("\n", literal=True))).to_series().to_numpy()
    )
    lines = 1 + np.arange(len(frame)) + np.concatenate(([0], np.cumsum(breaks)[:-1])).astype(np.int64)
    rows = [frame.get_column(name).to_list() for name in frame.columns]
    first = [cells[0].strip() for cells in rows]
    named = header == "yes" or (header == "auto" and looks_like_header(first, rows))
    begin = 1 if named else 0
    names = _distinct(first) if named else [str(number) for number in range(1, len(rows) + 1)]
    columns = {name: cells[begin:] for name, cells in zip(names, rows, strict=True)}
    return Table(columns, lines[begin:], named, (), tuple(_swallowed(path, breaks, lines)), separator=separator)


def _separator(text: str, candidates: str) -> str:
    """Return the separator that most of the first lines hold, the earlier candidate in doubt."""
    lines = [line for line in text[:100_000].splitlines()[:50] if line.strip()]
    return max(candidates, key=lambda separator: sum(separator in line for line in lines))


def _swallowed(path: PurePath, breaks: np.ndarray, lines: np.ndarray) -> list[Problem]:
    suspects = np.flatnonzero(breaks >= _SWALLOWED)
    if not len(suspects):
        return []
    words = Words(
        "From line {line} on, {count} lines became one text: a quotation mark is probably missing there.",
        {"line": int(lines[suspects[0]]), "count": int(breaks[suspects[0]]) + 1},
    )
    return [Problem("warning", words, tuple(f"{shown(path.name)}:{lines[row]}" for row in suspects))]


_TEXT = "text review sentence content comment message tweet document body description question input title"
_LABEL = "label labels class category sentiment target rating stars topic intent polarity output score y"
TEXT_NAMES = (*_TEXT.split(), "文本", "内容", "评论", "评价", "句子")
LABEL_NAMES = (*_LABEL.split(), "标签", "类别", "情感", "分类")
SPLIT_NAMES = ("split", "subset", "fold")


def by_name(names: list[str], known: tuple[str, ...]) -> str | None:
    """Return the first of the `known` names of columns that is among `names`, or None."""
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in known if name in lower), None)


def variety(cells: list[str]) -> float:
    """Return how unlike a label a column is: the number of values; one value for all rows is no label."""
    values = set(cells) - {""}
    return float("inf") if len(values) < 2 else len(values)


def looks_like_header(first: list[str], rows: list[list[str]]) -> bool:
    """Return whether the first row names the columns: known names, or words that do not occur again below them."""
    known = {name for name in (*TEXT_NAMES, *LABEL_NAMES, "id", "index") if len(name) > 1}  # a y may be an answer
    if known & {name.lower() for name in first}:
        return all(len(name) < 60 for name in first)
    words = all(name and len(name) < 40 and not _is_number(name) for name in first)
    return words and len(rows[0]) > 1 and all(cells[0] not in cells[1:] for cells in rows) and _is_number(rows[-1][1])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _distinct(names: list[str]) -> list[str]:
    """Return names that all differ: an empty one becomes its number, a repeated one gets it behind it."""
    result: list[str] = []
    for number, name in enumerate(names, 1):
        result.append(name if name and name not in result else f"{name}{number}")
    return result


def _from_json(path: PurePath, text: str) -> Table:
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    skipped: list[Skipped] = []
    for number, line in enumerate(_json_lines(text), 1):
        if not line.strip():
            continue
        if len(line) > LONGEST_TEXT:
            skipped.append(Skipped(f"{shown(path.name)}:{number}", TOO_LONG))
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append(
                {str(name): value if isinstance(value, str) else _plain_text(value) for name, value in row.items()}
            )
            lines.append(number)
        else:
            skipped.append(Skipped(f"{shown(path.name)}:{number}", Words("It is not a JSON object.")))
    if not rows:
        if skipped and skipped[0].reason == TOO_LONG:
            raise UserError(
                "Line {line} of {name} is longer than a million characters.",
                hint="Look at that line: a line break is probably missing.",
                line=skipped[0].name.rpartition(":")[2],
                name=shown(path.name),
            )
        raise UserError(
            "{name} holds no JSON lines.", hint=mark("Each line should be an object such as {example}."),
            name=shown(path.name), example='{"text": "…", "label": "…"}',
        )  # fmt: skip
    names = list(dict.fromkeys(name for row in rows for name in row))
    return Table({name: [row.get(name, "") for row in rows] for name in names}, np.array(lines), True, tuple(skipped))


def _json_lines(text: str) -> list[str]:
    """Return one JSON object a line, also of a file that holds them as one list."""
    if text.lstrip().startswith("["):
        with suppress(ValueError, RecursionError):  # no list after all: its lines are looked at one by one, and named
            return [json.dumps(row) for row in json.loads(text)]
    return text.split("\n")


def _plain_text(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def from_parquet(path: PurePath, content: bytes) -> Table:
    """Return the rows of a Parquet file as texts; lists become JSON, and dates are written as they usually are."""
    try:
        frame = polars.read_parquet(io.BytesIO(content))
        names = [name for name in frame.columns if not isinstance(frame.schema[name], _NO_TEXTS)]
        columns = {name: _cells(frame.get_column(name)) for name in names}
    except (*UNREADABLE, ValueError) as error:
        raise UserError(
            "{name} could not be read as a table.",
            hint="It ends like a Parquet file, but it is none, or it is damaged.",
            details=str(error),
            name=shown(path.name),
        ) from error
    if not columns or not len(frame):
        raise UserError("{name} is empty.", name=shown(path.name))
    return Table(columns, np.arange(1, len(frame) + 1), True)


_NO_TEXTS = (polars.Struct, polars.Object, polars.Binary)


def _cells(column: polars.Series) -> list[str]:
    if isinstance(column.dtype, polars.List | polars.Array):
        return ["" if cell is None else json.dumps(cell, ensure_ascii=False, default=str) for cell in column.to_list()]
    return column.cast(polars.String, strict=False).fill_null("").to_list()
