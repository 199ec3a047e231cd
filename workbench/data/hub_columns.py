"""Which columns of a Parquet file of the hub hold images, texts and labels, and what the labels are called."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars

from workbench.core.errors import UserError
from workbench.data.table_reading import LABEL_NAMES, TEXT_NAMES, by_name

_SAMPLED = 100  # rows that tell which column has the longest texts


@dataclass(frozen=True)
class Columns:
    """What is read of each row. content: of the column `sample`, "image" or "text". label: "" when there is none.

    names: of the classes 0, 1, …, or () when the labels are their own names.
    """

    content: str
    sample: str
    label: str = ""
    names: tuple[str, ...] = ()


def chosen(
    path: Path, sample: str = "auto", label: str = "auto", names: Mapping[str, Sequence[str]] | None = None
) -> Columns:
    """Return the columns of a Parquet file that are read: those that are wished, else the likeliest.

    label: "none" reads none. names: of classes by column, where the file itself gives none. Raises UserError.
    """
    schema = dict(polars.read_parquet_schema(path))
    features = _features(path)
    images = [name for name, kind in schema.items() if _is_image(kind, features.get(name))]
    texts = [name for name, kind in schema.items() if kind == polars.String]
    _require(sample, [*images, *texts], schema, can_be_none=False)
    named = {name: tuple(feature["names"]) for name, feature in features.items() if feature.get("names")}
    named = {**{column: tuple(found) for column, found in (names or {}).items()}, **named}
    labels = [name for name, kind in schema.items() if name in named or _is_label(kind)]
    _require(label, labels, schema, can_be_none=True)
    if sample == "auto":
        free = [name for name in texts if name not in named and name != label]
        likely = by_name(free, TEXT_NAMES)
        sample = images[0] if images else likely or _longest(path, free)
    if not sample:
        raise UserError(
            "There is no column of images or texts: {columns}.",
            hint="Choose another data set, or download its file and open it as a table.",
            columns=", ".join(schema),
        )
    if label == "auto":
        others = [name for name in labels if name != sample]
        label = next((name for name in others if name in named), "") or by_name(others, LABEL_NAMES) or ""
    label = "" if label == "none" else label
    return Columns("image" if sample in images else "text", sample, label, named.get(label, ()))


def _features(path: Path) -> dict[str, dict[str, Any]]:
    """Return what the hub's library wrote about the columns: their type, and the names of classes."""
    try:
        about = json.loads(polars.read_parquet_metadata(path).get("huggingface", "{}"))
    except ValueError:
        return {}
    features = about.get("info", {}).get("features") or {}
    return {name: feature for name, feature in features.items() if isinstance(feature, dict)}


def _is_image(kind: Any, feature: dict[str, Any] | None) -> bool:
    if isinstance(kind, polars.Struct):
        has_bytes = any(field.name == "bytes" and field.dtype == polars.Binary for field in kind.fields)
        return has_bytes and (feature or {}).get("_type", "Image") == "Image"  # sounds lie there in the same way
    return kind == polars.Binary


def _is_label(kind: Any) -> bool:
    return kind.is_integer() or kind in (polars.String, polars.Boolean, polars.Categorical)


def _longest(path: Path, names: list[str]) -> str:
    if not names:
        return ""
    rows = polars.scan_parquet(path).select(names).head(_SAMPLED).collect()
    lengths = {name: rows[name].str.len_chars().mean() or 0 for name in names}
    return max(names, key=lambda name: lengths[name])


def _require(wanted: str, possible: list[str], schema: Mapping[str, Any], *, can_be_none: bool) -> None:
    if wanted == "auto" or wanted in possible or (can_be_none and wanted == "none"):
        return
    if wanted in schema:
        raise UserError(
            "The column {column} cannot be read for that: it holds {kind}.",
            hint="Choose one of these: {columns}.",
            column=wanted,
            kind=str(schema[wanted]),
            columns=", ".join(possible),
        )
    raise UserError(
        "There is no column {column}.", hint="There are: {columns}.", column=wanted, columns=", ".join(schema)
    )
