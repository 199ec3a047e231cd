"""A table with a column of texts and a column of labels: CSV, TSV or JSON lines."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.core.words import Words, from_plain, mark, to_plain
from workbench.data import cache, register
from workbench.data.assembly import assembled
from workbench.data.base import DataSettings, located
from workbench.data.dataset import Dataset, Problem, Progress, ProgressCallback, Skipped
from workbench.data.folders import class_order, split_named
from workbench.data.splits import UNDECIDED
from workbench.data.table_reading import (
    ENDINGS,
    LABEL_NAMES,
    SPLIT_NAMES,
    TEXT_NAMES,
    Table,
    by_name,
    clean,
    read_table,
    variety,
)

_VERSION = 2  # raise it whenever the same file would give other rows


class TextTableSettings(DataSettings):
    """A table of texts and labels."""

    kind: Annotated[Literal["text_table"], Hint(hidden=True)] = "text_table"
    path: Annotated[
        str,
        Field(
            title="File", description="A CSV, TSV or JSON lines file in UTF-8, or a folder with train and test files."
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
    named = [(file, split_named(file.stem)) for file in tables]
    parts = [(file, split) for file, split in named if split is not None]
    return parts or [(file, UNDECIDED) for file in tables[:1] if len(tables) == 1]


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


@register(
    "text_table",
    settings=TextTableSettings,
    title="Table of texts",
    summary="A CSV, TSV or JSON lines file with a column of texts and a column of labels.",
    recognises=recognises,
    example=example,
    tasks=("classification", "next_token", "masked_token"),
)
def open_text_table(settings: TextTableSettings, progress: ProgressCallback) -> Dataset:
    """Open a table of texts."""
    path = located(settings.path)
    if not settings.path or not path.exists():
        raise UserError("{path} does not exist.", hint="Choose another file or folder.", path=settings.path or "…")
    files = _files(path)
    if not files:
        raise UserError("There is no table in {path}.", hint="Choose a CSV, TSV or JSON lines file.", path=str(path))
    return opened(settings, files, path.stem, progress)


def opened(
    settings: TextTableSettings, files: list[tuple[Path, int]], name: str, progress: ProgressCallback
) -> Dataset:
    """Return the data set made of these tables, through the cache."""
    choices = [settings.text_column, settings.label_column, settings.header, [split for _, split in files]]
    key = cache.key("text_table", _VERSION, cache.fingerprint([file for file, _ in files]), choices)
    folder, summary = cache.cached(key, lambda folder: _build(folder, settings, files, progress))
    dataset = assembled(
        settings,
        name=name,
        folder=folder,
        inputs=cache.read_plain(folder / "texts.json"),
        targets=np.load(folder / "targets.npy"),
        names=cache.read_plain(folder / "names.json"),
        classes=summary["classes"],
        given=np.load(folder / "given.npy"),
        groups=np.load(folder / "groups.npy"),
        skipped=[Skipped(name, from_plain(reason)) for name, reason in summary["skipped"]],
        facts=summary["facts"],
    )
    found = tuple(Problem("warning", from_plain(words), tuple(items)) for words, items in summary["problems"])
    return replace(dataset, problems=dataset.problems + found)


def _build(
    folder: Path, settings: TextTableSettings, files: list[tuple[Path, int]], progress: ProgressCallback
) -> dict[str, Any]:
    texts: list[str] = []
    labels: list[str] = []
    names: list[str] = []
    given: list[int] = []
    skipped: list[Skipped] = []
    problems: list[Problem] = []
    facts: dict[str, Any] = {}
    for done, (file, split) in enumerate(files):
        progress(Progress(Words("Reading files"), done, len(files)))
        table = read_table(file, settings.header)
        text_column, label_column = _columns(file, table, settings)
        facts = {"text_column": text_column, "label_column": label_column}
        skipped += table.skipped
        problems += table.problems
        splits = _given(table, split, (text_column, label_column))
        for text, label, line, part in zip(
            table.columns[text_column], table.columns[label_column], table.lines, splits, strict=True
        ):
            text, label, name = clean(text or ""), clean(label or ""), f"{shown(file.name)}:{line}"
            if text and label:
                texts.append(text)
                labels.append(label)
                names.append(name)
                given.append(part)
            else:
                skipped.append(Skipped(name, Words("It has no label.") if text else Words("It has no text.")))
    if not texts:
        raise UserError(
            "No row of {name} has both a text and a label.", hint="Choose other columns.", name=shown(files[0][0].name)
        )
    classes = sorted(set(labels), key=class_order)
    numbers = {label: number for number, label in enumerate(classes)}
    np.save(folder / "targets.npy", np.array([numbers[label] for label in labels], np.int64))
    np.save(folder / "given.npy", np.array(given, np.uint8))
    np.save(folder / "groups.npy", cache.groups_of_equals(cache.text_digests(texts)))
    cache.write_plain(folder / "texts.json", texts)
    cache.write_plain(folder / "names.json", names)
    return {
        "classes": classes,
        "skipped": [[item.name, to_plain(item.reason)] for item in skipped],
        "problems": [[to_plain(problem.words), list(problem.items)] for problem in problems],
        "facts": {**facts, "median_length": int(np.median([len(text) for text in texts]))},
    }


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
        different = len(set(table.columns[label]))
        if different > 1000 or (different > 20 and different > len(table.lines) / 2):
            raise UserError(
                "No column of {name} looks like a label: {column} has {count} different values.",
                hint="Say which one it is in the setting Label column. There are: {columns}.",
                name=shown(file.name),
                column=label,
                count=f"{different:,}",
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
