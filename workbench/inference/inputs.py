"""What a person drops or names, as single things to predict: files, folders of them, tables of texts."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.core import images
from workbench.core.errors import UserError
from workbench.core.words import mark
from workbench.data import table_reading
from workbench.inference.predictor import Item

_PLAIN_TEXT = (".txt", ".md", ".text")
_TABLES = tuple(sorted(table_reading.ENDINGS - set(_PLAIN_TEXT)))


def items_of(paths: Iterable[str | Path], kind: str, text_column: str = "auto") -> list[Item]:
    """Return each thing to predict at these paths, in order.

    kind: "image" or "text". A folder stands for all images (or texts) below it, sorted; a table gives one text per row,
    from the column of this name where it has one, else the likeliest. Raises UserError for a path that is not there and
    a folder or table with nothing in it.
    """
    found: list[Item] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += _in_folder(path, kind, text_column)
        elif path.exists():
            found += _in_file(path, kind, text_column)
        else:
            raise UserError(
                "{path} does not exist.", hint=mark("Give a file or a folder."), path=images.shown(str(path))
            )
    return found


def _in_folder(folder: Path, kind: str, text_column: str) -> list[Item]:
    endings = images.ENDINGS if kind == "image" else {*_PLAIN_TEXT, *_TABLES}
    files = sorted(path for path in _files_below(folder) if path.suffix.lower() in endings)
    found = [item for path in files for item in _in_file(path, kind, text_column)]
    if not found and kind == "image":
        raise UserError(
            "There is no image in {folder}.",
            hint="Images are files that end in {endings}.",
            folder=images.shown(str(folder)),
            endings=", ".join(sorted(images.ENDINGS)),
        )
    if not found:
        raise UserError(
            "There is no text in {folder}.",
            hint="Texts are files that end in {endings}.",
            folder=images.shown(str(folder)),
            endings=", ".join(sorted(endings)),
        )
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        yield from (Path(place, name) for name in files if not name.startswith("."))


def _in_file(path: Path, kind: str, text_column: str) -> list[Item]:
    name = images.shown(str(path))
    if kind == "image" or path.suffix.lower() not in _TABLES:
        return [Item(name, path)]
    table = table_reading.read_table(path)
    cells = table.columns[_text_column(table, text_column)]
    texts = (table_reading.clean(cell or "") for cell in cells)
    return [Item(f"{name}:{line}", text) for text, line in zip(texts, table.lines.tolist(), strict=True)]


def _text_column(table: table_reading.Table, wanted: str) -> str:
    """Return the column of that name, else one that is usually called so, else the one with the longest texts."""
    if wanted in table.columns:
        return wanted
    lower = {name.lower(): name for name in reversed(list(table.columns))}
    known = next((lower[name] for name in table_reading.TEXT_NAMES if name in lower), None)
    return known or max(table.columns, key=lambda name: sum(len(cell or "") for cell in table.columns[name][:2000]))
