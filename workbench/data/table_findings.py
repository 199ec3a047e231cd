"""What is worth knowing about a table before training: columns left out, cells that are no numbers, leaks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.core.words import Words, mark, to_plain
from workbench.data.table_columns import Column, Described
from workbench.data.table_plan import Plan
from workbench.data.table_source import Source

_FEW_ROWS = 50
_CERTAIN = 0.99999  # correlation from which on a column is the target in other units

Plain = tuple[str, dict[str, Any], list[str]]  # level, words, items


def of_columns(source: Source, columns: Mapping[str, Column], plan: Plan) -> list[Plain]:
    """Return the findings about columns, as plain values."""
    found: list[Plain] = []
    for reason in dict.fromkeys(str(column.reason) for column in plan.left_out):
        group = [column for column in plan.left_out if str(column.reason) == reason]
        names = [column.name for column in group]
        words = Words("Left out: {names}. {reason}", {"names": _few(names), "reason": group[0].reason})
        found.append(_plain("warning" if _surprising(group[0]) else "good", words, names))
    if source.layout is not None and source.layout.repeated:
        words = Words("Names that stand twice got a number: {names}.", {"names": _few(source.layout.repeated)})
        found.append(_plain("warning", words, list(source.layout.repeated)))
    for feature in plan.features:
        column = columns[feature.name]
        odd = column.present - column.numbers
        if feature.kind == "numeric" and odd:
            words = Words(
                "{count} cells of {column} are no numbers and count as missing.",
                {"count": f"{odd:,}", "column": feature.name},
            )
            found.append(_plain("warning", words, [feature.name]))
    gaps = [feature.name for feature in plan.features if feature.missing]
    if gaps:
        words = Words("Missing values in {names} are filled in.", {"names": _few(gaps)})
        items = [f"{feature.name}: {feature.missing:,}" for feature in plan.features if feature.missing]
        found.append(_plain("good", words, items))
    return found


def of_rows(summary: Mapping[str, Any], names: Sequence[str]) -> list[Plain]:
    """Return the findings about rows; names: of those left out that are named."""
    found: list[Plain] = []
    if summary["missing"]:
        one = mark("1 row has no target and is left out: {name}.")
        many = mark("{count} rows have no target and are left out.")
        values = {"count": f"{summary['missing']:,}", "name": names[0]}
        found.append(_plain("warning", Words(one if summary["missing"] == 1 else many, values), list(names)))
    if summary["count"] < _FEW_ROWS:
        words = Words("There are only {count} rows, which is very little to learn from.", {"count": summary["count"]})
        found.append(_plain("warning", words, []))
    return found


def of_leaks(inputs: np.ndarray, targets: np.ndarray, features: Sequence[Mapping[str, Any]]) -> list[Plain]:
    """Return a finding for each column that tells the target exactly: (N, features), (N,) or (N, targets)."""
    telling = []
    for place, feature in enumerate(features):
        values = inputs[:, place]
        if feature["distinct"] > 1 and np.isfinite(values).all() and _tells(values, targets):
            telling.append(feature["name"])
    if not telling:
        return []
    words = Words(
        "{names} tells the target exactly. Leave it out if it is not known when a prediction is wanted.",
        {"names": _few(telling)},
    )
    return [_plain("warning", words, telling)]


def _tells(values: np.ndarray, targets: np.ndarray) -> bool:
    if targets.ndim == 1 and targets.dtype == np.int64:
        different = np.unique(values)
        pairs = np.unique(np.stack([values.astype(np.float64), targets], axis=1), axis=0)
        return len(pairs) == len(different) == len(np.unique(targets))
    if targets.dtype == np.uint8 or targets.shape[1] != 1 or len(values) < 3:
        return False
    one, other = values.astype(np.float64), targets[:, 0].astype(np.float64)
    spread = one.std() * other.std()
    return bool(spread > 0 and abs(((one - one.mean()) * (other - other.mean())).mean()) > _CERTAIN * spread)


def _surprising(column: Described) -> bool:
    return str(column.reason) != str(Words("It was not chosen."))


def _plain(level: str, words: Words, items: list[str]) -> Plain:
    return level, to_plain(words), items[:1000]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" … ({len(names)})" if len(names) > 5 else "")
