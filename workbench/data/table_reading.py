"""Reading a table of texts that is not to be trusted: CSV, TSV and JSON lines, with the line of every row."""

import io
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import numpy as np
import polars

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words, mark
from workbench.data.dataset import Problem, Skipped

SEPARATORS = {".csv": ",;\t|", ".tsv": "\t", ".tab": "\t", ".txt": "\t,;|"}
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
ENDINGS = frozenset((*SEPARATORS, *JSON_ENDINGS))
_MOST_BYTES = 2_000_000_000
_LONGEST_LINE = 1_000_000  # characters of one text that are kept
_SWALLOWED = 10  # line breaks inside one field from which on a missing quotation mark is more likely than a long text
_BROKEN = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Table:
    """Rows of texts. columns: by name, each with one text a row. lines: (N,) the line each row begins in, from 1.

    named: whether the names come from the file and are not just numbers.
    """

    columns: dict[str, list[str]]
    lines: np.ndarray
    named: bool = True
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = field(default=())


def read_table(path: Path, header: str = "auto") -> Table:
    """Return the rows of a table; header is "auto", "yes" or "no". Raises UserError when it is no table."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(
                "{name} is too large: more than {most} GB.", name=shown(path.name), most=_MOST_BYTES // 10**9
            )
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("{name} could not be read: {reason}.", name=shown(path.name), reason=reason) from error
    return parsed(path.name, content, header)


def parsed(name: str, content: bytes, header: str = "auto") -> Table:
    """Return the rows of the table with this content; its name says whether it is CSV, TSV or JSON lines."""
    path = PurePath(name)
    text, problems = _text(path, content)
    if path.suffix.lower() in JSON_ENDINGS:
        table = _from_json(path, text)
    else:
        table = _from_separated(path, text, header)
    return Table(table.columns, table.lines, table.named, table.skipped, (*problems, *table.problems))


def _text(path: PurePath, content: bytes) -> tuple[str, list[Problem]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, encoding = content.decode("utf-16", "replace"), "UTF-16"
    else:
        try:
            text, encoding = content.decode("utf-8-sig"), ""
        except UnicodeDecodeError:
            text, encoding = _guessed(content)
    if "\0" in text[:10_000] or not text.strip():
        raise UserError(
            mark("{name} is not a table of texts.") if text.strip() else mark("{name} is empty."),
            hint="Choose a CSV, TSV or JSON lines file in UTF-8.",
            name=shown(path.name),
        )
    words = Words(
        "{name} is not in UTF-8; it was read as {encoding}. Look whether the texts are right.",
        {"name": shown(path.name), "encoding": encoding},
    )
    return text, [Problem("warning", words)] if encoding else []


def _guessed(content: bytes) -> tuple[str, str]:
    import charset_normalizer  # slow to import, and rarely needed

    guess = charset_normalizer.from_bytes(content[:200_000]).best()
    encoding = guess.encoding if guess else "cp1252"
    return content.decode(encoding, "replace"), encoding.replace("_", "-").upper()


def clean(text: str) -> str:
    """Return a text without what no font, database or tokenizer takes, NUL and lone surrogates; a huge one is cut."""
    return _BROKEN.sub("\N{REPLACEMENT CHARACTER}", text[:_LONGEST_LINE]).strip()


def _from_separated(path: PurePath, text: str, header: str) -> Table:
    separator = _separator(text, SEPARATORS.get(path.suffix.lower(), ",;\t|"))
    try:
        frame = polars.read_csv(
            io.BytesIO(text.encode("utf-8", "replace")),
            has_header=False,
            separator=separator,
            infer_schema=False,
            truncate_ragged_lines=True,
        ).fill_null("")
    except polars.exceptions.PolarsError as error:
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
    return Table(columns, lines[begin:], named, (), tuple(_swallowed(path, breaks, lines)))


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
