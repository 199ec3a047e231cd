"""A table of numbers and categories, of which one column or several are predicted: CSV, TSV or Parquet."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.core.words import Words
from workbench.data import cache, register, table_cache, table_findings
from workbench.data.base import DataSettings, located
from workbench.data.dataset import Dataset, Progress, ProgressCallback
from workbench.data.masked_tables import require_learnable, without_columns
from workbench.data.masker import Masker
from workbench.data.masking import Masking, MaskingGroup, masked_cache
from workbench.data.table_opening import dataset_of
from workbench.data.table_plan import RECONSTRUCTION, TASKS, guessed_targets, known, natural_task, planned
from workbench.data.table_source import PARQUET, SEPARATED, Source, parts, readable, source_at

_VERSION = 2  # raise it whenever the same files would give other numbers
_AT_FIRST = 5_000  # rows that tell the task before the table is opened


def _names(value: Any) -> Any:
    return (value,) if isinstance(value, str) and value else () if value == "" else value


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class TableSettings(DataSettings):
    """A table, its target, and what is done with its columns."""

    kind: Annotated[Literal["table"], Hint(hidden=True)] = "table"
    path: Annotated[
        str,
        Field(title="File", description="A CSV, TSV or Parquet file, or a folder of such parts, as Spark writes it."),
        Hint(chooser="path"),
    ] = ""
    target: Annotated[
        Names,
        Field(
            title="Target",
            description="Name or number of the column to predict, or of several; auto takes the likeliest.",
        ),
    ] = ("auto",)
    columns: Annotated[
        Names,
        Field(title="Columns", description="The columns to learn from; empty takes all that can be learnt from."),
    ] = ()
    leave_out: Annotated[
        Names,
        Field(title="Leave out", description="Columns not to learn from, such as what is only known afterwards."),
    ] = ()
    numeric: Annotated[
        Names,
        Field(title="Numeric", description="Columns to take as numbers, whatever they look like."),
        Hint(advanced=True),
    ] = ()
    categorical: Annotated[
        Names,
        Field(title="Categorical", description="Columns to take as categories, also where they hold numbers."),
        Hint(advanced=True),
    ] = ()
    missing: Annotated[
        Literal["mean", "median", "most_frequent"],
        Field(
            title="Missing values",
            description="What stands in for a missing number; a missing category is one of its own.",
        ),
        Hint(choices={"mean": "Mean", "median": "Median", "most_frequent": "Most frequent"}),
    ] = "mean"
    indicator: Annotated[
        bool,
        Field(title="Mark missing", description="Tell the network by a column of its own where a value was missing."),
        Hint(advanced=True),
    ] = True
    most_categories: Annotated[
        int,
        Field(
            ge=2,
            le=1000,
            title="Most categories",
            description="The most frequent categories of a column that are told apart; all others count as one.",
        ),
        Hint(advanced=True),
    ] = 50
    header: Annotated[
        Literal["auto", "yes", "no"],
        Field(title="Header", description="Whether the first row names the columns."),
        Hint(advanced=True, choices={"auto": "Automatic", "yes": "Yes", "no": "No"}),
    ] = "auto"
    encoding: Annotated[
        Literal["auto", "utf-8", "utf-16", "gb18030", "cp1252"],
        Field(title="Encoding", description="How letters are written in the file; automatic looks at them."),
        Hint(
            advanced=True,
            choices={
                "auto": "Automatic",
                "utf-8": "UTF-8",
                "utf-16": "UTF-16",
                "gb18030": "GB18030",
                "cp1252": "Windows-1252",
            },
        ),
    ] = "auto"
    masking: MaskingGroup = Masking()

    @model_validator(mode="after")
    def _each_column_has_one_use(self) -> "TableSettings":
        uses = (self.target, self.leave_out, self.numeric, self.categorical)
        for place, names in enumerate(uses):
            twice = set(names) & {name for others in uses[place + 1 :] for name in others} - {"auto"}
            if twice:
                message = UserError(
                    "{column} is named in two settings of the table.",
                    hint="Let it be the target, left out, numeric or categorical, but only one of them.",
                    column=min(twice),
                )
                raise ValueErrorOf(message)
        return self

    def inputs_kind(self) -> InputKind:
        """Return "table"."""
        return "table"

    def tasks(self, of_kind: tuple[str, ...]) -> tuple[str, ...]:
        """Return what the target poses, by the first rows, and reconstruction; () where there is no table yet."""
        try:
            return (_task_of(self), RECONSTRUCTION)
        except (UserError, OSError):
            return ()  # said when the table is opened

    def wishes(self, source: Source) -> dict[str, str]:
        """Return what a person said of columns, by name: "used", "numeric", "categorical" or "left_out"."""
        found: dict[str, str] = {}
        groups = (
            ("used", self.columns),
            ("numeric", self.numeric),
            ("categorical", self.categorical),
            ("left_out", self.leave_out),
        )
        for wish, names in groups:
            for name in names:
                column = known(source.columns, name, shown(source.name))
                if wish != "left_out" and found and self.columns and column not in found:
                    continue  # its kind is said, but it is not among the chosen ones
                found[column] = wish
        return found


def _task_of(settings: TableSettings) -> str:
    """Return what is done with the target; it may also be left aside, to reconstruct the other columns."""
    if settings.task not in ("auto", RECONSTRUCTION):
        return settings.task
    path = located(settings.path)
    changed = path.stat().st_mtime_ns
    masker = settings.masking.masker()
    return _task_at_first(path, changed, settings.target, settings.header, settings.encoding, masker)


@lru_cache(maxsize=64)
def _task_at_first(
    path: Path, changed: int, target: tuple[str, ...], header: str, encoding: str, masker: Masker | None
) -> str:
    source = source_at(path, header, encoding, masker)
    columns = table_cache.seen_at_first(source, _AT_FIRST)
    return natural_task([columns[name] for name in _targets(source, target)])


def _targets(source: Source, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are predicted; raises UserError for those that are not there, or are masked whole.

    The likeliest is told from what the columns hold before they are masked whole: no other takes its place unseen.
    """
    if tuple(wanted) == ("auto",) and "auto" not in source.columns:
        clear = source if source.masker is None else replace(source, masker=without_columns(source.masker))
        wanted = guessed_targets(table_cache.seen_at_first(clear, _AT_FIRST))
    targets = tuple(dict.fromkeys(known(source.columns, name, shown(source.name)) for name in wanted))
    for target in targets:
        require_learnable(source.masker, target)
    return targets


def recognises(path: Path) -> float:
    """Return how sure it is that `path` is such a table: columns of texts make it more likely one of texts."""
    if path.is_file() and path.suffix.lower() not in (*PARQUET, *SEPARATED):
        return 0.0
    if path.is_dir() and not any(file.suffix.lower() in PARQUET for file in parts(path)):
        return 0.0
    try:
        columns = table_cache.seen_at_first(source_at(path), 1_000)
    except (UserError, OSError):
        return 0.0
    if len(columns) < 2:
        return 0.0
    useful = sum(column.numeric for column in columns.values())
    if any(column.free_text() for column in columns.values()):
        return 0.95 if useful > 2 else 0.2
    return 0.95 if useful or path.suffix.lower() in PARQUET or len(columns) > 2 else 0.5


def example(folder: Path) -> TableSettings:
    """Write a table of 90 flowers of three species, and return the settings that open it."""
    random = np.random.Generator(np.random.PCG64(0))
    lines = ["length,width,colour,species"]
    for row in range(90):
        species = row % 3
        length, width = random.normal((2 + 2 * species, 5 - species), 0.3)
        colour = ("red", "blue", "white")[(species + int(row % 7 == 0)) % 3]
        lines.append(f"{length:.2f},{'' if row % 20 == 5 else f'{width:.2f}'},{colour},{'abc'[species]}")
    path = folder / "flowers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return TableSettings(path=str(path))


def raw(settings: TableSettings) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the values of each column, some rows at a time, as the files have them."""
    source = source_at(located(settings.path), settings.header, settings.encoding)
    in_memory = readable(replace(source, masker=Masker()), Path(), lambda done, total: None)
    for _, frame in replace(in_memory, masker=None).batches():
        for column in frame.get_columns():
            yield column.name, column.to_list()


@register(
    "table",
    settings=TableSettings,
    title="Table",
    summary="Rows of numbers and categories, of which one column is predicted from the others.",
    recognises=recognises,
    example=example,
    tasks=(*TASKS, RECONSTRUCTION),
    raw=raw,
)
def open_table(settings: TableSettings, progress: ProgressCallback) -> Dataset:
    """Open a table; columns that say nothing are left out, each with its reason."""
    if not settings.path:
        raise UserError("There is no table in {path}.", hint="Choose a CSV, TSV or Parquet file.", path="…")
    path = located(settings.path)
    source = source_at(path, settings.header, settings.encoding, settings.masking.masker())
    task = _task_of(settings)
    if task not in TASKS:
        raise UserError(
            "A table does not pose the task {task}.",
            hint="Choose one of these: {tasks}.",
            task=task,
            tasks=", ".join((*TASKS, RECONSTRUCTION)),
        )
    chosen = ("target", "columns", "leave_out", "numeric", "categorical", "header", "encoding")
    parts_of_key = ["table", _VERSION, task, str(path), source.columns]
    parts_of_key += [settings.model_dump(mode="json", include=set(chosen))]
    parts_of_key += [[partition for _, partition in source.files]]
    progress(Progress(table_cache.LOOKING, 0, 0))
    folder, summary = masked_cache(
        source.masker,
        cache.fingerprint(source.paths()),
        parts_of_key,
        lambda folder: _built(folder, settings, source, task, progress),
    )
    return dataset_of(settings, source, folder, summary)


def _built(
    folder: Path, settings: TableSettings, source: Source, task: str, progress: ProgressCallback
) -> dict[str, Any]:
    table = shown(source.name)
    read = readable(source, folder, lambda done, total: progress(Progress(Words("Reading files"), done, total)))
    columns = table_cache.seen(read, lambda rows: progress(Progress(table_cache.LOOKING, rows, 0)))
    rows = next(iter(columns.values())).rows
    if not rows:
        raise UserError("{name} has no rows.", name=table)
    targets = _targets(source, settings.target)
    if not targets:
        raise UserError("A table needs a target.", hint="Name the column to predict, or write auto.")
    plan = planned(table, columns, targets, task, settings.wishes(source))
    cache.require_space(folder, rows * (4 * len(plan.features) + 16))
    written = table_cache.written(folder, read, plan, progress, rows)
    for path in set(read.paths()) - set(source.paths()):
        path.unlink()  # it was only converted for reading
    if not written["count"]:
        raise UserError("No row of {name} has a value of {column}.", name=table, column=targets[0])
    return {
        **written,
        "task": task,
        "targets": list(targets),
        "classes": list(plan.classes),
        "features": [column.to_plain() for column in plan.features],
        "left_out": [column.to_plain() for column in plan.left_out],
        "rows": rows,
        "masking": source.masker.to_plain() if source.masker else {},
        "problems": table_findings.of_columns(source, columns, plan),
    }
