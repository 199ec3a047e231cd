"""One long series, cut into windows: what is read, and the rows after it, which are to be told."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.signature import SPLITS, Inputs
from workbench.core.words import Words, from_plain, to_plain
from workbench.data import cache, checks, series_gaps
from workbench.data.assembly import renamed
from workbench.data.dataset import Dataset, Problem, Progress, ProgressCallback, Split, TargetScale, Window
from workbench.data.series_reading import readings
from workbench.data.table_plan import known

TASKS = ("forecasting", "reconstruction")
READING = Words("Reading the series")
_VERSION = 1  # raise it whenever the same file would give other numbers


def open_long(settings: Any, path: Path, progress: ProgressCallback) -> Dataset:
    """Open one long series, through the cache; settings: SeriesSettings. Raises UserError."""
    chosen = ("columns", "targets", "time", "missing", "header", "encoding")
    key = cache.key(
        "series", _VERSION, str(path), cache.fingerprint([path]), settings.model_dump(mode="json", include=set(chosen))
    )
    progress(Progress(READING, 0, 0))
    folder, summary = cache.cached(key, lambda folder: _built(folder, settings, path, progress))
    return _cut(settings, path, folder, summary)


def _built(folder: Path, settings: Any, path: Path, progress: ProgressCallback) -> dict[str, Any]:
    name = shown(path.name)
    wanted = tuple(dict.fromkeys((*settings.columns, *settings.targets))) if settings.columns else ()
    found = readings(
        path,
        wanted,
        settings.time,
        settings.header,
        settings.encoding,
        lambda done, total: progress(Progress(READING, done, total)),
    )
    targets = [known(found.columns, column, name) for column in settings.targets] or list(found.columns)
    problems = series_gaps.of_values(found.values, found.columns, name, settings.missing)
    if found.moments is not None:
        problems += series_gaps.of_times(found.moments, found.times, found.time, name)
    if found.others:
        words = Words(
            "Left out, because they hold no numbers: {names}.", {"names": ", ".join(map(shown, found.others))}
        )
        problems.append(Problem("warning", words))
    values = series_gaps.filled(found.values, settings.missing)
    same = [column for place, column in enumerate(found.columns) if values[:, place].min() == values[:, place].max()]
    if same:
        words = Words("The same number in every row: {names}.", {"names": ", ".join(map(shown, same))})
        problems.append(Problem("warning", words))
    np.save(folder / "values.npy", values)
    cache.write_plain(folder / "times.json", list(found.times))
    return {
        "columns": list(found.columns),
        "targets": targets,
        "time": found.time,
        "problems": [[problem.level, to_plain(problem.words), list(problem.items)] for problem in problems],
    }


def _cut(settings: Any, path: Path, folder: Path, summary: dict[str, Any]) -> Dataset:
    values = np.load(folder / "values.npy", mmap_mode="r" if _is_large(folder / "values.npy") else None)
    times = cache.read_plain(folder / "times.json")
    columns, targets, name = summary["columns"], summary["targets"], shown(path.name)
    rows, reach = len(values), settings.window + settings.horizon
    if rows < reach:
        raise UserError(
            "{name} has {rows} rows, but a window of {window} and a horizon of {horizon} need {needed}.",
            hint="Choose a shorter window or horizon, or a longer series.",
            name=name,
            rows=f"{rows:,}",
            window=settings.window,
            horizon=settings.horizon,
            needed=f"{reach:,}",
        )
    borders = borders_of(rows, settings.validation, settings.test)
    window = Window(settings.window, settings.horizon, tuple(columns.index(target) for target in targets))
    ends = (0, *borders, rows)
    index = [np.arange(ends[part], ends[part + 1] - reach + 1, settings.stride, dtype=np.int64) for part in range(3)]
    if not len(index[0]):
        raise UserError(
            "The first {rows} rows of {name} are for training, fewer than a window and its horizon, {needed}.",
            hint="Choose a shorter window or horizon, or smaller shares for validation and testing.",
            rows=f"{borders[0]:,}",
            name=name,
            needed=f"{reach:,}",
        )
    splits = {
        split: Split(
            values,
            starts,
            np.zeros((len(starts), 0), np.float32),
            WindowNames(times, starts + settings.window),
            window,
        )
        for split, starts in zip(SPLITS, index, strict=True)
    }
    cache.replace_array(
        folder / "splits.npy", np.repeat(np.arange(3, dtype=np.uint8), [len(starts) for starts in index])
    )
    cache.replace_array(folder / "targets.npy", np.zeros((sum(map(len, index)), 0), np.float32))
    dataset = Dataset(
        name=path.stem,
        task="forecasting",
        tasks=TASKS,
        inputs=Inputs("series", (settings.window, len(columns))),
        classes=renamed((), settings.class_names),
        splits=splits,
        cache=folder,
        facts={
            "form": "long",
            "columns": columns,
            "targets": targets,
            "time": summary["time"],
            "rows": rows,
            "window": settings.window,
            "horizon": settings.horizon,
            "borders": list(borders),
            "missing": settings.missing,
            "forecast": settings.forecast,
        },
        target=_scale(values, borders[0], window, targets),
    )
    checked = checks.checked(dataset)
    found = [Problem(level, from_plain(words), tuple(items)) for level, words, items in summary["problems"]]
    return replace(checked, problems=(*checked.problems, *found, *_too_short(ends, index, reach)))


def borders_of(rows: int, validation: float, test: float) -> tuple[int, int]:
    """Return the rows at which the validation and the test part begin: the latest rows are for testing."""
    return round(rows * (1 - validation - test)), round(rows * (1 - test))


def _too_short(ends: Sequence[int], index: Sequence[np.ndarray], reach: int) -> list[Problem]:
    problems = []
    for part, split in enumerate(SPLITS):
        count = ends[part + 1] - ends[part]
        if count and not len(index[part]):
            values = {"split": Words(_PARTS[split]), "rows": f"{count:,}", "needed": f"{reach:,}"}
            words = Words("{split}: {rows} rows are fewer than a window and its horizon, {needed}.", values)
            problems.append(Problem("warning", words))
    return problems


_PARTS = {"training": "Training", "validation": "Validation", "test": "Test"}


def _scale(values: np.ndarray, until: int, window: Window, names: Sequence[str]) -> TargetScale:
    part = np.asarray(values[:until][:, list(window.columns)], np.float64)
    std = part.std(axis=0)
    return TargetScale(tuple(names), tuple(part.mean(axis=0).tolist()), tuple(np.where(std > 0, std, 1.0).tolist()))


def _is_large(path: Path) -> bool:
    return path.stat().st_size > 1 << 30


class WindowNames(Sequence[str]):
    """What windows are called: the time of the first row that is to be told, or its number."""

    def __init__(self, times: Sequence[str], rows: np.ndarray) -> None:
        self._times = times
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self._name(row) for row in self._rows[place].tolist()]
        return self._name(int(self._rows[int(place)]))

    def times(self, begin: int, end: int) -> list[str]:
        """Return the times of some rows of the series, or nothing where it has none."""
        return list(self._times[begin:end])

    def _name(self, row: int) -> str:
        return (self._times[row] if row < len(self._times) else "") or f"{row + 1}"
