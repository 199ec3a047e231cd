"""What a person drops or names, as single things to predict: files, folders of them, tables of texts."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import images
from workbench.core.errors import UserError
from workbench.core.words import mark
from workbench.data import series_arrays, series_reading, table_reading
from workbench.inference.predictor import Item

_PLAIN_TEXT = (".txt", ".md", ".text")
_TABLES = tuple(sorted(table_reading.ENDINGS - set(_PLAIN_TEXT)))


@dataclass(frozen=True)
class Reader:
    """How files become things to predict, for one kind of inputs.

    endings: of the files that are taken from a folder. items: (path, name of its column, preprocessing) -> the things
    in a file. nothing, hint: what is said of a folder without such files.
    """

    endings: frozenset[str]
    items: Callable[[Path, str, Any], list[Item]]
    nothing: str
    hint: str


def items_of(paths: Iterable[str | Path], kind: str, column: str = "auto", preprocessing: Any = None) -> list[Item]:
    """Return each thing to predict at these paths, in order.

    kind: of the inputs. A folder stands for all images (texts, …) below it, sorted; a table gives one thing per row,
    texts from the column of this name where it has one, else the likeliest. preprocessing: of the model. Raises
    UserError for a path that is not there and a folder or table with nothing in it.
    """
    reader = READERS[kind]
    found: list[Item] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += _in_folder(path, reader, column, preprocessing)
        elif path.exists():
            found += reader.items(path, column, preprocessing)
        else:
            raise UserError(
                "{path} does not exist.", hint=mark("Give a file or a folder."), path=images.shown(str(path))
            )
    return found


def _in_folder(folder: Path, reader: Reader, column: str, preprocessing: Any) -> list[Item]:
    files = sorted(path for path in _files_below(folder) if path.suffix.lower() in reader.endings)
    found = [item for path in files for item in reader.items(path, column, preprocessing)]
    if not found:
        raise UserError(
            reader.nothing,
            hint=reader.hint,
            folder=images.shown(str(folder)),
            endings=", ".join(sorted(reader.endings)),
        )
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        yield from (Path(place, name) for name in files if not name.startswith("."))


def _image(path: Path, column: str, preprocessing: Any) -> list[Item]:
    return [Item(images.shown(str(path)), path)]


def _texts(path: Path, column: str, preprocessing: Any) -> list[Item]:
    name = images.shown(str(path))
    if path.suffix.lower() not in _TABLES:
        return [Item(name, path)]
    table = table_reading.read_table(path)
    cells = table.columns[_text_column(table, column)]
    texts = (table_reading.clean(cell or "") for cell in cells)
    return [Item(f"{name}:{line}", text) for text, line in zip(texts, table.lines.tolist(), strict=True)]


def _text_column(table: table_reading.Table, wanted: str) -> str:
    """Return the column of that name, else one that is usually called so, else the one with the longest texts."""
    if wanted in table.columns:
        return wanted
    lower = {name.lower(): name for name in reversed(list(table.columns))}
    known = next((lower[name] for name in table_reading.TEXT_NAMES if name in lower), None)
    return known or max(table.columns, key=lambda name: sum(len(cell or "") for cell in table.columns[name][:2000]))


def _rows(path: Path, column: str, preprocessing: Any) -> list[Item]:
    """Return the rows of a table, as texts by column; raises UserError when it has none of the model's columns."""
    name, table = images.shown(str(path)), table_reading.read_table(path, "yes")  # else nobody knew which is which
    wanted = [column.name for column in preprocessing.columns]
    if not set(wanted) & table.columns.keys():
        raise UserError(
            "{name} has none of the columns that the model reads.",
            hint="They are: {columns}. The first row has to name them.",
            name=name,
            columns=", ".join(wanted[:20]) + (" …" if len(wanted) > 20 else ""),
        )
    there = {column: cells for column, cells in table.columns.items() if column in wanted}
    rows = (dict(zip(there, cells, strict=True)) for cells in zip(*there.values(), strict=True))
    return [Item(f"{name}:{line}", row) for row, line in zip(rows, table.lines.tolist(), strict=True)]


def _series(path: Path, column: str, preprocessing: Any) -> list[Item]:
    name = images.shown(str(path))
    if path.suffix.lower() != ".npz":
        return [Item(name, path)]
    return [Item(f"{name}:{row + 1}", series) for row, series in enumerate(series_arrays.sequences_of(path))]


READERS = {
    "image": Reader(
        frozenset(images.ENDINGS),
        _image,
        mark("There is no image in {folder}."),
        mark("Images are files that end in {endings}."),
    ),
    "text": Reader(
        frozenset((*_PLAIN_TEXT, *_TABLES)),
        _texts,
        mark("There is no text in {folder}."),
        mark("Texts are files that end in {endings}."),
    ),
    "table": Reader(
        frozenset(table_reading.ENDINGS),
        _rows,
        mark("There is no table in {folder}."),
        mark("Tables are files that end in {endings}."),
    ),
    "series": Reader(
        frozenset((*series_reading.ENDINGS - {".txt"}, ".npz")),
        _series,
        mark("There are no series in {folder}."),
        mark("Series are files that end in {endings}."),
    ),
}
