"""A table with a column of texts and a column of labels: CSV, TSV, JSON lines or Parquet."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.core.words import Words, mark
from workbench.data import cache, register
from workbench.data.base import DataSettings, located
from workbench.data.dataset import Dataset, Problem, Progress, ProgressCallback, Skipped
from workbench.data.encodings import Encoding
from workbench.data.folders import split_named
from workbench.data.labelled_texts import MOST_CLASSES, TASKS, from_cache, keep
from workbench.data.masked_tables import for_columns, masked_table, require_learnable, without_columns
from workbench.data.masker import Masker
from workbench.data.masking import Masking, MaskingGroup, masked_cache
from workbench.data.several_labels import Separator, different, parts, separator_of
from workbench.data.splits import TRAINING, UNDECIDED
from workbench.data.table_reading import (
    ENDINGS,
    LABEL_NAMES,
    LONGEST_TEXT,
    SPLIT_NAMES,
    TEXT_NAMES,
    TOO_LONG,
    Table,
    by_name,
    clean,
    read_table,
    variety,
)

_VERSION = 4  # raise it whenever the same file would give other rows
_DELIMITERS = {"auto": "auto", "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_SURE = 20  # different labels that are never too many


class TextTableSettings(DataSettings):
    """A table of texts and labels."""

    kind: Annotated[Literal["text_table"], Hint(hidden=True)] = "text_table"
    path: Annotated[
        str,
        Field(
            title="File",
            description="A CSV, TSV, JSON lines or Parquet file, or a folder with train and test files.",
        ),
        Hint(chooser="path"),
    ] = ""
    text_column: Annotated[
        str, Field(title="Text column", description="Name or number of the column to read; auto takes the likeliest.")
    ] = "auto"
    label_column: Annotated[
        str,
        Field(title="Label column", description="Name or number of the column to predict; auto takes the likeliest."),
    ] = "auto"
    header: Annotated[
        Literal["auto", "yes", "no"],
        Field(title="Header", description="Whether the first row names the columns."),
        Hint(advanced=True, choices={"auto": "Automatic", "yes": "Yes", "no": "No"}),
    ] = "auto"
    encoding: Annotated[
        Encoding,
        Field(title="Encoding", description="How letters are written in the file; automatic looks at them."),
        Hint(
            advanced=True,
            choices={
                "auto": "Automatic",
                "utf-8": "UTF-8",
                "utf-16": "UTF-16",
                "gb18030": "GB18030 (Chinese)",
                "cp1252": "Windows-1252 (Western)",
            },
        ),
    ] = "auto"
    delimiter: Annotated[
        Literal["auto", "comma", "semicolon", "tab", "bar"],
        Field(title="Delimiter", description="What stands between two cells of a row; automatic looks at the rows."),
        Hint(
            advanced=True,
            choices={
                "auto": "Automatic",
                "comma": "Comma",
                "semicolon": "Semicolon",
                "tab": "Tab",
                "bar": "Vertical bar",
            },
        ),
    ] = "auto"
    label_separator: Separator = "auto"
    masking: MaskingGroup = Masking()

    def inputs_kind(self) -> InputKind:
        """Return "text"."""
        return "text"


def _files(path: Path) -> list[tuple[Path, int]]:
    """Return the tables at `path` and the split of each: the file itself, or a folder's train and test files."""
    if path.is_file():
        return [(path, UNDECIDED)]
    if not path.is_dir():
        return []
    tables = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS and file.is_file())
    for begin in (r"$^", r"[-_.]"):  # train.csv, and also train-00000-of-00002.parquet
        splits = [(file, split_named(re.split(begin, file.stem)[0])) for file in tables]
        found = [(file, split) for file, split in splits if split is not None]
        if any(split == TRAINING for _, split in found):
            return found
    return [(file, UNDECIDED) for file in tables[:1] if len(tables) == 1]


def recognises(path: Path) -> float:
    """Return how sure it is that `path` is a table of texts: certain by its ending, likely for a folder of tables."""
    if path.is_file():
        return 0.9 if path.suffix.lower() in ENDINGS else 0.0
    return 0.4 if _files(path) else 0.0


def example(folder: Path) -> TextTableSettings:
    """Write a table of 40 short texts of two classes and return the settings that open it."""
    rows = [f'"{mood} {thing}, number {number}",{label}' for number in range(10) for thing in ("tea", "bread")
            for mood, label in (("good", "yes"), ("bad", "no"))]  # fmt: skip
    path = folder / "texts.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return TextTableSettings(path=str(path))


def raw(settings: TextTableSettings) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the cells of each column of each file."""
    for file, _ in _files(located(settings.path)):
        yield from _read(file, settings, None).columns.items()


@register(
    "text_table",
    settings=TextTableSettings,
    title="Table of texts",
    summary="A CSV, TSV, JSON lines or Parquet file with a column of texts and a column of labels.",
    recognises=recognises,
    example=example,
    tasks=TASKS,
    raw=raw,
)
def open_text_table(settings: TextTableSettings, progress: ProgressCallback) -> Dataset:
    """Open a table of texts."""
    path = located(settings.path)
    if not settings.path or not path.exists():
        raise UserError("{path} does not exist.", hint="Choose another file or folder.", path=settings.path or "…")
    files = _files(path)
    if not files:
        raise UserError(
            "There is no table in {path}.", hint="Choose a CSV, TSV, JSON lines or Parquet file.", path=shown(str(path))
        )
    return opened(settings, files, path.stem, progress)


def opened(
    settings: TextTableSettings, files: list[tuple[Path, int]], name: str, progress: ProgressCallback
) -> Dataset:
    """Return the data set made of these tables, through the cache."""
    choices = [settings.text_column, settings.label_column, settings.header, settings.encoding, settings.delimiter]
    splits = [split for _, split in files]
    masker = settings.masking.masker()
    fingerprint = cache.fingerprint([file for file, _ in files])
    folder, summary = masked_cache(
        masker,
        fingerprint,
        ["text_table", _VERSION, choices, splits],
        lambda folder: _build(folder, settings, files, masker, progress),
    )
    _require_labels(summary, settings)
    return from_cache(settings, name, folder, summary)


def _require_labels(summary: dict[str, Any], settings: TextTableSettings) -> None:
    """Raise UserError when the label column holds anything but labels."""
    if settings.task not in ("auto", "classification", "multi_label"):
        return
    separator = separator_of(summary["classes"], summary["counts"], settings.label_separator, settings.task)
    labels = {label for cell in summary["classes"] for label in parts(cell, separator)}
    rows, count = sum(summary["counts"]), len(labels)
    if count > min(MOST_CLASSES, max(_SURE, rows / 2)):
        raise UserError(
            "The label column {column} has {count} different values in {rows} rows, too many to tell apart.",
            hint=mark("Choose another one in the setting Label column. There are: {columns}."),
            column=summary["facts"]["label_column"],
            count=f"{count:,}",
            rows=f"{rows:,}",
            columns=", ".join(summary["columns"]),
        )


def _build(
    folder: Path,
    settings: TextTableSettings,
    files: list[tuple[Path, int]],
    masker: Masker | None,
    progress: ProgressCallback,
) -> dict[str, Any]:
    texts: list[str] = []
    labels: list[str] = []
    names: list[str] = []
    given: list[int] = []
    skipped: list[Skipped] = []
    problems: list[Problem] = []
    facts: dict[str, Any] = {}
    columns: list[str] = []
    for done, (file, split) in enumerate(files):
        progress(Progress(Words("Reading files"), done, len(files)))
        table, text_column, label_column = _table(file, settings, masker)
        facts = {"text_column": text_column, "label_column": label_column, "encoding": table.encoding}
        columns = list(table.columns)
        skipped += table.skipped
        problems += table.problems
        splits = _given(table, split, (text_column, label_column))
        for text, label, line, part in zip(
            table.columns[text_column], table.columns[label_column], table.lines, splits, strict=True
        ):
            name = f"{shown(file.name)}:{line}"
            if max(len(text or ""), len(label or "")) > LONGEST_TEXT:
                skipped.append(Skipped(name, TOO_LONG))
                continue
            text, label = clean(text or ""), clean(label or "")
            if text and label:
                texts.append(text)
                labels.append(label)
                names.append(name)
                given.append(part)
            else:
                skipped.append(Skipped(name, Words("It has no label.") if text else Words("It has no text.")))
    if not texts:
        raise UserError(
            "No row of {name} has both a text and a label.",
            hint=mark("Choose other columns. {row}: {reason}"),
            name=shown(files[0][0].name),
            row=skipped[0].name if skipped else "",
            reason=skipped[0].reason if skipped else "",
        )
    kept = keep(folder, texts, labels, names, given, skipped, problems, facts, masker)
    return kept | {"columns": columns}


def _table(file: Path, settings: TextTableSettings, masker: Masker | None) -> tuple[Table, str, str]:
    """Return the table in a file, masked, and the names of its columns of texts and labels.

    Which they are is told from what they hold before whole columns are masked: those must not become others unseen.
    """
    table = _read(file, settings, masker)
    if masker is None:
        return table, *_columns(file, table, settings)
    name, given = shown(file.name), list(table.columns)
    seen = masked_table(table, without_columns(masker), name)
    names = _columns(file, seen, settings)
    if not masker.columns:
        return seen, *names
    text, label = (given[list(seen.columns).index(column)] for column in names)
    whole = for_columns(masker, given, name)
    require_learnable(whole, label)
    if whole is not None and text in whole.columns:
        raise UserError(
            "The texts of {column} cannot be hidden from the training, which learns from them.",
            hint="Choose another text column, or take it out of the columns that are masked whole.",
            column=text,
        )
    return masked_table(table, masker, name), *names


def _read(file: Path, settings: TextTableSettings, masker: Masker | None) -> Table:
    """Return the table in a file as it stands; raises UserError, which does not quote it where it is to be masked."""
    try:
        return read_table(file, settings.header, settings.encoding, _DELIMITERS[settings.delimiter])
    except UserError as error:
        error.details = "" if masker else error.details
        raise


def _given(table: Table, split: int, taken: tuple[str, str]) -> list[int]:
    """Return the split of every row: the file's, or that of a column called split."""
    rows = len(table.lines)
    column = next((name for name in table.columns if name.lower() in SPLIT_NAMES and name not in taken), None)
    if split != UNDECIDED or column is None:
        return [split] * rows
    parts = [split_named(cell) for cell in table.columns[column]]
    return [UNDECIDED] * rows if None in parts else [part for part in parts if part is not None]


def _columns(file: Path, table: Table, settings: TextTableSettings) -> tuple[str, str]:
    """Return the names of the text and the label column, chosen or guessed; raises UserError when there are none."""
    names = list(table.columns)
    if len(names) < 2:
        raise UserError(
            "{name} has only one column; a text and a label are needed.",
            hint="Put the label of each text into a second column.",
            name=shown(file.name),
        )
    text = _chosen(file, names, settings.text_column)
    label = _chosen(file, names, settings.label_column)
    if text is None:
        text = by_name([name for name in names if name != label], TEXT_NAMES) or _longest(table, label)
    if label is None:
        others = [name for name in names if name != text]
        label = by_name(others, LABEL_NAMES) or min(others, key=lambda name: variety(table.columns[name]))
        count = different(table.columns[label], settings.task, settings.label_separator)
        most = min(1000, max(_SURE, len(table.lines) / 2))
        if count > most and settings.task != "regression":
            raise UserError(
                "No column of {name} looks like a label: {column} has {count} different values.",
                hint="Say which one it is in the setting Label column. There are: {columns}.",
                name=shown(file.name),
                column=label,
                count=f"{count:,}",
                columns=", ".join(names),
            )
    if text == label:
        raise UserError("{column} cannot be both the text and the label.", hint="Choose another column.", column=text)
    return text, label


def _chosen(file: Path, names: list[str], wanted: str) -> str | None:
    if wanted == "auto" and "auto" not in names:
        return None
    if wanted in names:
        return wanted
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    hint = mark("There are: {columns}.")
    raise UserError(
        "{name} has no column {column}.", hint=hint, name=shown(file.name), column=wanted, columns=", ".join(names)
    )


def _longest(table: Table, label: str | None) -> str:
    lengths = {name: sum(map(len, cells[:2000])) for name, cells in table.columns.items() if name != label}
    return max(lengths, key=lambda name: lengths[name])
