"""What is predicted from what: the target of a table, its task, and the columns that are learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.core.errors import UserError
from workbench.core.words import Words, mark
from workbench.data.folders import class_order, split_named
from workbench.data.table_columns import Column, Described, described, judged
from workbench.data.table_reading import SPLIT_NAMES

TASKS = ("classification", "regression", "multi_label")  # for a target
RECONSTRUCTION = "reconstruction"  # which needs none
MOST_CLASSES = 1000
_TARGETS = [
    "target",
    "label",
    "labels",
    "class",
    "y",
    "outcome",
    "species",
    "diagnosis",
    "标签",
    "类别",
    "目标",
    "分类",
    "结果",
]
_YES = ("1", "true", "yes", "y", "是")
_NO = ("0", "false", "no", "n", "否")


@dataclass(frozen=True)
class Plan:
    """What is done with each column.

    targets: what is predicted. classes: of the target, or the targets themselves where each is a label of its own.
    features: columns to learn from; left_out: all others but the targets, each with its reason. split_column: which
    split a row belongs to, or "".
    """

    targets: tuple[str, ...]
    task: str
    classes: tuple[str, ...]
    features: tuple[Described, ...]
    left_out: tuple[Described, ...]
    split_column: str


def known(names: Sequence[str], wanted: str, table: str) -> str:
    """Return the column that is called `wanted`, or has that number; raises UserError that names those there are."""
    if wanted in names:
        return wanted
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    some = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    hint = mark("There are: {columns}.")
    raise UserError("{name} has no column {column}.", hint=hint, name=table, column=wanted, columns=some)


def guessed_targets(columns: Mapping[str, Column]) -> tuple[str, ...]:
    """Return the likeliest target: a column that is usually called so, else the last one that could be predicted."""
    lower = {name.lower(): name for name in reversed(list(columns))}
    for name in _TARGETS:
        if name in lower and columns[lower[name]].distinct > 1:
            return (lower[name],)
    possible = [name for name, column in columns.items() if judged(column)[0] != "left_out"]
    return tuple((possible or list(columns))[-1:])


def natural_task(targets: Sequence[Column]) -> str:
    """Return what such targets pose: several yes-or-no columns are labels, a few different values are classes."""
    if len(targets) > 1:
        return "multi_label" if all(_is_yes_or_no(column) for column in targets) else "regression"
    return "classification" if targets[0].classes_by_nature() else "regression"


def planned(
    table: str, columns: Mapping[str, Column], targets: Sequence[str], task: str, wishes: Mapping[str, str]
) -> Plan:
    """Return what is done with each column of a table that has been seen to its end.

    wishes: by name "numeric", "categorical", "left_out" or "used", where a person said so; with any "used", all other
    columns are left out. Raises UserError when the targets cannot be predicted, or nothing is left to learn from.
    """
    for name in targets:
        _require_target(columns[name], task)
    split_column = next((name for name in columns if name not in targets and _tells_splits(columns[name])), "")
    some = any(wish == "used" for wish in wishes.values())
    features, left_out = [], []
    for name, column in columns.items():
        if name in targets:
            continue
        wish = wishes.get(name, "")
        found = described(column, "" if wish == "left_out" else wish)
        if name == split_column:
            found = _without(found, Words("It says which split a row belongs to."))
        elif wish == "left_out" or (some and not wish):
            found = _without(found, Words("It was not chosen."))
        (left_out if found.kind == "left_out" else features).append(found)
    if not features:
        raise UserError(
            "No column of {name} can be learned from.",
            hint="Choose the columns to use, or another target. {column}: {reason}",
            name=table,
            column=left_out[0].name if left_out else targets[0],
            reason=left_out[0].reason if left_out else Words("It is the only column."),
        )
    return Plan(tuple(targets), task, _classes(columns, targets, task), tuple(features), tuple(left_out), split_column)


def is_yes(text: str) -> bool:
    """Return whether a cell of a yes-or-no column says yes."""
    return text.strip().lower() in _YES


def _classes(columns: Mapping[str, Column], targets: Sequence[str], task: str) -> tuple[str, ...]:
    if task == "multi_label":
        return tuple(targets)
    return tuple(sorted(columns[targets[0]].counts, key=class_order)) if task == "classification" else ()


def _require_target(column: Column, task: str) -> None:
    values = {
        "column": column.name,
        "count": f"{column.distinct:,}" if not column.many else f"> {column.distinct - 1:,}",
    }
    other = mark("Choose another target in the setting Target.")
    if column.present == 0:
        raise UserError(Words("The target {column} is empty.", values), hint=other)
    if column.distinct == 1:
        raise UserError(
            Words("The target {column} has the same value in every row, so there is nothing to predict.", values),
            hint=other,
        )
    if column.free_text():
        raise UserError(
            Words("The target {column} holds free text, which a table cannot predict.", values),
            hint="Choose a column of classes or numbers in the setting Target; "
            "to classify texts, open a table of texts.",
        )
    if task == "regression" and not column.numeric:
        raise UserError(
            Words("The target {column} holds texts, not numbers, so regression cannot predict it.", values),
            hint="Choose the task classification, or another target.",
        )
    if task == "multi_label" and not _is_yes_or_no(column):
        raise UserError(
            Words("The target {column} is no label: its values are more than yes and no.", values),
            hint="Labels are columns of 0 and 1, true and false, or yes and no.",
        )
    if task == "classification" and (column.many or column.distinct > MOST_CLASSES):
        raise UserError(
            Words("The target {column} has {count} different values, too many for classes.", values),
            hint=mark("Choose the task regression, or another target.") if column.numeric else other,
        )


def _is_yes_or_no(column: Column) -> bool:
    return not column.many and {value.lower() for value in column.counts} <= {*_YES, *_NO}


def _tells_splits(column: Column) -> bool:
    usual = column.name.lower() in SPLIT_NAMES and not column.many and column.present == column.rows
    return usual and all(split_named(value) is not None for value in column.counts)


def _without(column: Described, reason: Words) -> Described:
    return Described(**{**vars(column), "kind": "left_out", "reason": reason})
