"""Series: one long row of numbers over time to forecast, or many labelled sequences."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.data import register
from workbench.data.base import DataSettings, located
from workbench.data.dataset import Dataset, ProgressCallback
from workbench.data.series_arrays import arrays_of, is_regression
from workbench.data.series_labelled import TASKS as LABELLED
from workbench.data.series_labelled import files_below, open_labelled
from workbench.data.series_long import TASKS as LONG
from workbench.data.series_long import open_long
from workbench.data.series_reading import ENDINGS, readings
from workbench.data.table import Names

_LARGEST_LOOKED_INTO = 50_000_000  # bytes of a file that is read to know what it is


class SeriesSettings(DataSettings):
    """Where the numbers lie, and how a long series is cut into windows."""

    kind: Annotated[Literal["series"], Hint(hidden=True)] = "series"
    path: Annotated[
        str,
        Field(
            title="File",
            description="One long series as CSV, TSV or Parquet; an .npz with X and y; or class folders of CSV files.",
        ),
        Hint(chooser="path"),
    ] = ""
    window: Annotated[
        int,
        Field(ge=1, le=100_000, title="Window", description="Rows of a long series that are read to make a forecast."),
    ] = 24
    horizon: Annotated[
        int, Field(ge=1, le=10_000, title="Horizon", description="Rows after the window that are told in advance.")
    ] = 6
    targets: Annotated[
        Names, Field(title="To forecast", description="The columns to forecast; empty takes all that are read.")
    ] = ()
    columns: Annotated[
        Names, Field(title="Columns", description="The columns to learn from; empty takes all that hold numbers.")
    ] = ()
    time: Annotated[
        str,
        Field(
            title="Time",
            description="The column that says when each row was, for labels only; auto looks for it, none takes none.",
        ),
        Hint(advanced=True),
    ] = "auto"
    stride: Annotated[
        int,
        Field(ge=1, le=100_000, title="Stride", description="Rows from the beginning of one window to the next."),
        Hint(advanced=True),
    ] = 1
    missing: Annotated[
        Literal["previous", "interpolate", "refuse"],
        Field(
            title="Missing values",
            description="What stands where a number is missing. The previous one never looks ahead.",
        ),
        Hint(
            advanced=True,
            choices={"previous": "The previous number", "interpolate": "A line between neighbours", "refuse": "Refuse"},
        ),
    ] = "previous"
    forecast: Annotated[
        Literal["auto", "values", "changes"],
        Field(
            title="Forecast as",
            description="The values, or their change from the last value of the window, which suits series that drift.",
        ),
        Hint(advanced=True, choices={"auto": "Automatic", "values": "Values", "changes": "Changes"}),
    ] = "auto"
    lengths: Annotated[
        Literal["pad", "refuse"],
        Field(title="Mixed lengths", description="What is done with labelled sequences that differ in length."),
        Hint(advanced=True, choices={"pad": "Pad the shorter ones", "refuse": "Refuse"}),
    ] = "pad"
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

    def inputs_kind(self) -> InputKind:
        """Return "series"."""
        return "series"

    def tasks(self, of_kind: tuple[str, ...]) -> tuple[str, ...]:
        """Return what can be learned: a long series is forecast, labelled ones have classes or numbers."""
        try:
            path = located(self.path)
            if not self.path or not path.exists():
                return ()
            if path.is_dir():
                return ("classification", "reconstruction")
            if path.suffix.lower() != ".npz":
                return LONG
            asked = self.task if self.task in LABELLED[:2] else "auto"
            return (_posed_by_arrays(path, path.stat().st_mtime_ns, asked), "reconstruction")
        except (UserError, OSError):
            return ()  # said when it is opened


@lru_cache(maxsize=16)
def _posed_by_arrays(path: Path, changed: int, asked: str) -> str:
    return "regression" if is_regression(arrays_of(path)["y"], asked) else "classification"


def recognises(path: Path) -> float:
    """Return how sure it is that `path` is a series: arrays X and y, class folders of CSVs, rows with their times."""
    try:
        if path.is_dir():
            files = files_below(path)
            inner = sum(len(file.relative_to(path).parts) > 1 for file in files)
            return 0.96 if files and inner > len(files) / 2 and not _holds_others(path) else 0.0
        if path.suffix.lower() == ".npz":
            arrays_of(path)
            return 0.96
        if path.suffix.lower() not in ENDINGS - {".txt"} or path.stat().st_size > _LARGEST_LOOKED_INTO:
            return 0.0
        found = readings(path)
    except (UserError, OSError):
        return 0.0
    in_time = found.moments is not None and bool(np.all(np.diff(found.moments) > 0))
    return 0.97 if found.dated and in_time and not found.others and len(found.values) > 2 else 0.0


def _holds_others(folder: Path) -> bool:
    """Return whether Parquet lies there, the parts of one table."""
    return any(file.suffix.lower() in (".parquet", ".pq", ".parq") for file in files_below(folder))


def example(folder: Path) -> SeriesSettings:
    """Write 30 short sequences of two classes, of 12 to 16 steps, and return the settings that open them."""
    random = np.random.Generator(np.random.PCG64(0))
    for number in range(30):
        rising, steps = number % 2, 12 + number % 5
        values = (1 if rising else -1) * np.linspace(0, 1, steps) + random.normal(0, 0.1, steps)
        place = folder / "series" / ("rising" if rising else "falling")
        place.mkdir(parents=True, exist_ok=True)
        lines = (f"{value:.3f},{-value:.3f}" for value in values)
        (place / f"{number:02}.csv").write_text("\n".join(("up,down", *lines)) + "\n", encoding="utf-8")
    return SeriesSettings(path=str(folder / "series"))


@register(
    "series",
    settings=SeriesSettings,
    title="Series",
    summary="Numbers over time: one long series to forecast, or many sequences with a label each.",
    recognises=recognises,
    example=example,
    tasks=("forecasting", *LABELLED),
)
def open_series(settings: SeriesSettings, progress: ProgressCallback) -> Dataset:
    """Open a series or sequences; what cannot be used is left out or refused, with the reason."""
    path = located(settings.path)
    if not settings.path or not path.exists():
        raise UserError("{path} does not exist.", hint="Choose another file or folder.", path=settings.path or "…")
    labelled = path.is_dir() or path.suffix.lower() == ".npz"
    can = LABELLED if labelled else LONG
    if settings.task not in ("auto", *can):
        raise UserError(
            "These series do not pose the task {task}.",
            hint="Choose one of these: {tasks}.",
            task=settings.task,
            tasks=", ".join(can),
        )
    dataset = (open_labelled if labelled else open_long)(settings, path, progress)
    if settings.task not in ("auto", *dataset.tasks):
        raise UserError(
            "These series do not pose the task {task}.",
            hint="Choose one of these: {tasks}.",
            task=settings.task,
            tasks=", ".join(dataset.tasks),
        )
    return dataset
