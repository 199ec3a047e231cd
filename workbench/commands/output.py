"""What commands print: answers on standard output, everything else on standard error."""

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from workbench.core import paths
from workbench.core.errors import UserError
from workbench.core.events import finite
from workbench.core.words import Words, mark, tr

_WIDE = 200  # columns of a table that is written to a file or into another program

_METRICS = {
    "training_loss": mark("training loss"),
    "training_accuracy": mark("training accuracy"),
    "validation_loss": mark("validation loss"),
    "validation_accuracy": mark("validation accuracy"),
    "validation_top_5_accuracy": mark("validation top-5 accuracy"),
    "validation_macro_f1": mark("validation macro F1"),
    "test_loss": mark("test loss"),
    "test_accuracy": mark("test accuracy"),
    "test_top_5_accuracy": mark("test top-5 accuracy"),
    "test_macro_f1": mark("test macro F1"),
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
    """Print one JSON object on one line; floats that are not finite are "nan", "inf" and "-inf", Words are texts."""
    print(json.dumps(finite(_spoken(plain)), ensure_ascii=True, allow_nan=False))  # noqa: T201 - ASCII, whatever the terminal speaks


def show_error(error: UserError, *, debug: bool = False) -> None:
    """Say on standard error what is wrong and what to do next, and with `debug` the details."""
    errors = console(error=True)
    errors.print(error.translated(), soft_wrap=True)
    if debug and error.details:
        errors.print(error.details, soft_wrap=True)


def metric_title(name: str) -> str:
    """Return what a metric of a split is called, translated."""
    return tr(_METRICS[name]) if name in _METRICS else name.replace("_", " ")


def metric_value(name: str, value: float) -> str:
    """Return the value of a metric as a person reads it: shares in percent, others with four digits."""
    return f"{value:.1%}" if name.endswith(("accuracy", "f1", "precision", "recall")) else f"{value:.4g}"


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
