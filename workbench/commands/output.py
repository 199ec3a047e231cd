"""What commands print: answers on standard output, everything else on standard error."""

import json
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from workbench.core import paths
from workbench.core.errors import UserError
from workbench.core.events import finite
from workbench.core.words import Words, mark, tr

_WIDE = 200  # columns of a table that is written to a file or into another program

_OF_SPLITS = {
    "training": mark("training {metric}"),
    "validation": mark("validation {metric}"),
    "test": mark("test {metric}"),
}


def console(*, error: bool = False) -> Console:
    """Return a console on standard output, or on standard error."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, highlight=False, markup=False, emoji=False, width=width)


def say(text: str = "") -> None:
    """Print a line on standard output, as long as it is."""
    console().print(text, soft_wrap=True)


def say_beside(text: str) -> None:
    """Print a line on standard error, where it is in nobody's way."""
    console(error=True).print(text, soft_wrap=True)


def say_json(plain: Mapping[str, Any]) -> None:
    """Print one JSON object on one line, at once also into a pipe.

    Floats that are not finite are "nan", "inf" and "-inf", Words are texts.
    """
    text = json.dumps(finite(_spoken(plain)), ensure_ascii=True, allow_nan=False)
    print(text, flush=True)  # noqa: T201 - ASCII, whatever the terminal speaks


def say_lines(lines: Iterable[Mapping[str, Any]]) -> None:
    """Print JSON objects, each on a line, as `say_json` does; of texts and finite numbers alone, and many at once."""
    print("\n".join(map(json.dumps, lines)), flush=True)  # noqa: T201 - ASCII, whatever the terminal speaks


def show_error(error: UserError, *, debug: bool = False) -> None:
    """Say on standard error what is wrong and what to do next, and with `debug` the details."""
    errors = console(error=True)
    errors.print(error.translated(), soft_wrap=True)
    if debug and error.details:
        errors.print(error.details, soft_wrap=True)


def metric_title(name: str) -> str:
    """Return what a metric of a split is called, translated: "validation accuracy" of validation_accuracy."""
    split, _, metric = name.partition("_")
    found = _metric(metric)
    title = tr(found.title) if found else tr(mark("loss")) if metric == "loss" else metric.replace("_", " ")
    title = title[:1].lower() + title[1:] if title[1:2].islower() else title  # but not R²
    return tr(_OF_SPLITS[split], metric=title) if split in _OF_SPLITS else name.replace("_", " ")


def metric_value(name: str, value: float) -> str:
    """Return the value of a metric as a person reads it: shares in percent, others with four digits."""
    found = _metric(name.partition("_")[2])
    return f"{value:.1%}" if found and found.percent else f"{value:.4g}"


def _metric(name: str) -> Any:
    from workbench.metrics import metrics  # with torch, which takes its time

    return metrics[name] if name in metrics else None  # noqa: SIM401 - a registry raises for what it does not know


def duration(seconds: float) -> str:
    """Return a duration as 0:07, 12:30 or 1:02:03."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def run_argument(folder: Path) -> str:
    """Return how a run is named on the command line: by its name where that is enough."""
    return shlex.quote(folder.name if folder.parent.resolve() == paths.runs().resolve() else str(folder))


def _spoken(value: Any) -> Any:
    match value:
        case Words():
            return tr(value)
        case Mapping():
            return {name: _spoken(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_spoken(inner) for inner in value]
        case Path():
            return str(value)
        case _:
            return value
