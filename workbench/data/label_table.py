"""A labels.csv beside images: which file is of which class."""

from collections.abc import Sequence

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words
from workbench.data.dataset import Skipped
from workbench.data.folders import Arrangement, arrangement, split_named
from workbench.data.sources import TABLES, Source
from workbench.data.splits import UNDECIDED
from workbench.data.table_reading import LABEL_NAMES, SPLIT_NAMES, Table, by_name, parsed, variety

_LOOKED_AT = 500  # cells that are compared with names of files


def table_in(source: Source, several_classes: bool) -> str:
    """Return the name of the table of labels in `source`, or "" when its folders say what its images show."""
    tables = [name for name in source.names if name[name.rfind(".") :].lower() in TABLES]
    tables.sort(key=lambda name: (name.count("/"), "label" not in name.rsplit("/")[-1].lower(), name))
    return tables[0] if tables and not several_classes else ""


def by_table(source: Source, table_name: str, names: Sequence[str]) -> Arrangement:
    """Return what a table says about the images called `names`; raises UserError when no column names them."""
    table = parsed(table_name, source.read(table_name), "auto")
    places = _places(names)
    columns = list(table.columns)
    hits = {name: sum(_known(cell, places) for cell in table.columns[name][:_LOOKED_AT]) for name in columns}
    files = max(columns, key=lambda name: hits[name])
    others = [name for name in columns if name != files and name.lower() not in SPLIT_NAMES]
    if not hits[files] or not others:
        raise UserError(
            "No column of {table} names the images and another one their classes.",
            hint="Write the name of a file and its class into each row, such as 0001.png,cat.",
            table=shown(table_name),
        )
    labels = by_name(others, LABEL_NAMES) or min(others, key=lambda name: variety(table.columns[name]))
    return _arranged(table, table_name, (files, labels), names, places)


def _arranged(
    table: Table, table_name: str, columns: tuple[str, str], names: Sequence[str], places: dict[str, int]
) -> Arrangement:
    rows: list[int] = []
    classes: list[str] = []
    given: list[int] = []
    skipped: list[Skipped] = []
    split_column = next((name for name in table.columns if name.lower() in SPLIT_NAMES), None)
    splits = table.columns[split_column] if split_column else [""] * len(table.lines)
    cells = zip(table.columns[columns[0]], table.columns[columns[1]], splits, strict=True)
    seen: set[int] = set()
    for number, (file, label, split) in enumerate(cells):
        row = places.get(_key(file))
        if row is None:
            if number or table.named:  # the first row of a table without known names may be its header
                reason = Words("It is listed in {table}, but it is not there.", {"table": shown(table_name)})
                skipped.append(Skipped(shown(file), reason))
        elif not label.strip():
            skipped.append(Skipped(shown(names[row]), Words("It has no label.")))
            seen.add(row)
        elif row not in seen:
            part = split_named(split) if split else _split_of_folder(names[row])
            rows.append(row)
            classes.append(label.strip())
            given.append(UNDECIDED if part is None else part)
            seen.add(row)
    missing = Words("It is not listed in {table}.", {"table": shown(table_name)})
    skipped += [Skipped(shown(name), missing) for row, name in enumerate(names) if row not in seen]
    order = sorted(range(len(rows)), key=rows.__getitem__)  # as they lie in an archive
    return arrangement([rows[n] for n in order], [classes[n] for n in order], [given[n] for n in order], skipped)


def _split_of_folder(name: str) -> int | None:
    return next((part for folder in name.split("/")[:-1] if (part := split_named(folder)) is not None), None)


def _places(names: Sequence[str]) -> dict[str, int]:
    """Return the place of every image by its path, by its name, and by its name without ending."""
    places: dict[str, int] = {}
    for key in (_without_ending, _last, _key):  # the surest comes last and wins
        places.update({key(name): row for row, name in enumerate(names)})
    return places


def _key(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./")


def _last(name: str) -> str:
    return _key(name).rsplit("/", 1)[-1]


def _without_ending(name: str) -> str:
    return _last(name).rsplit(".", 1)[0]


def _known(cell: str, places: dict[str, int]) -> bool:
    return _key(cell) in places
