"""Tables behind a masker: frames as they are read, whole tables of texts, and what is said of rows and files."""

from collections.abc import Sequence
from dataclasses import replace

import polars

from workbench.core.errors import UserError
from workbench.core.words import Words
from workbench.data.dataset import Problem, Skipped
from workbench.data.masker import Masker
from workbench.data.table_plan import known
from workbench.data.table_reading import Table
from workbench.data.table_values import as_texts, plain

_LARGE = 1e7  # numbers from which on one may be that of a telephone or a card
_TEXTS = (polars.String, polars.Categorical, polars.Enum)


def for_columns(masker: Masker | None, columns: Sequence[str], table: str) -> Masker | None:
    """Return the masker with the names of the columns that are given by number; raises UserError for unknown ones."""
    if masker is None or not masker.columns:
        return masker
    return replace(masker, columns=tuple(known(columns, name, table) for name in masker.columns))


def require_learnable(masker: Masker | None, target: str) -> None:
    """Raise UserError when one word stands in for every value of this target: there is nothing to learn then."""
    if masker is not None and target in masker.columns and not masker.key:
        raise UserError(
            "The label {column} cannot be hidden from the training, which learns to predict it.",
            hint="Choose another label column, or take it out of the columns that are masked whole.",
            column=target,
        )


def without_columns(masker: Masker) -> Masker:
    """Return the masker with no whole columns: what a column is for is told from what it holds."""
    return replace(masker, columns=())


def masked_frame(frame: polars.DataFrame, masker: Masker) -> polars.DataFrame:
    """Return some rows of a table, masked; a column of numbers with a personal one among them becomes one of texts."""
    return frame.with_columns([_masked(column, masker) for column in frame.get_columns()])


def masked_table(table: Table, masker: Masker, name: str) -> Table:
    """Return a table of texts, masked, the names of its columns too: where it has none, they are its first row."""
    names = masker.names(list(table.columns))
    whole = for_columns(masker, list(table.columns), name) or masker
    columns = {
        new: [whole.cell(column, cell) for cell in cells]
        for new, (column, cells) in zip(names, table.columns.items(), strict=True)
    }
    return replace(
        table,
        columns=columns,
        skipped=tuple(masked_skipped(table.skipped, masker)),
        problems=tuple(masked_problems(table.problems, masker)),
    )


def masked_skipped(skipped: Sequence[Skipped], masker: Masker) -> list[Skipped]:
    """Return what was left out, with masked names: those of files may be names of people."""
    return [Skipped(masker.text(item.name), _words(item.reason, masker)) for item in skipped]


def masked_problems(problems: Sequence[Problem], masker: Masker) -> list[Problem]:
    """Return findings, with masked names."""
    return [
        Problem(problem.level, _words(problem.words, masker), tuple(map(masker.text, problem.items)))
        for problem in problems
    ]


def _words(words: Words, masker: Masker) -> Words:
    values = {name: masker.text(value) if isinstance(value, str) else value for name, value in words.values.items()}
    return Words(words.template, values)


def _masked(column: polars.Series, masker: Masker) -> polars.Series:
    whole = column.name in masker.columns
    if column.dtype.is_numeric():
        numbers = column.cast(polars.Float64).abs()
        if not whole and not (numbers >= _LARGE).any():
            return column
        texts = as_texts(plain(column))
    elif whole or column.dtype in _TEXTS:
        texts = column.cast(polars.String, strict=False)
    else:
        return column
    values = texts.drop_nulls().unique().to_list()
    masked = [masker.cell(column.name, value) for value in values]
    if masked == values:
        return column
    return texts.replace_strict(values, masked, default=None, return_dtype=polars.String)
