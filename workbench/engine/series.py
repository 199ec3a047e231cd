"""Series: what there is to draw of them, and forecasts drawn onto them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.signature import SPLITS
from workbench.data.dataset import Dataset
from workbench.engine import data as engine_data
from workbench.engine import prediction
from workbench.inference.predictor import Item

_POINTS = 4000  # of a curve that are drawn
_CURVES = 8  # of a class
_MOST_CLASSES = 12
_BEFORE = 3  # windows of what came before that are drawn


def overview(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is to draw of opened series.

    Of a long one: form "long", rows, columns, places (of the points that are drawn), values {column: numbers}, times
    of those places (or empty), and borders, the rows at which validation and test begin. Of labelled ones: form
    "labelled", columns, and curves [{label, name, values: [[…] for each column]}].
    """
    dataset = engine_data._remembered(data)
    facts = dataset.facts
    if facts.get("form") == "long":
        return {"form": "long", "columns": facts["columns"], "borders": facts["borders"], **_thinned(dataset)}
    return {"form": "labelled", "columns": facts.get("columns", []), "curves": _curves(dataset)}


def forecast(run: str, number: int = -1, path: str = "", data: str = "") -> dict[str, Any]:
    """Return a forecast and what it follows: of a window of the test split, or of what comes after a file.

    number: of the window, counted round; without one, path: a file with the columns of the model. data: where the data
    lie now, if they moved. Returns name, number, count (of windows; 0 for a file), columns, before {column: numbers up
    to the forecast}, values {column: numbers}, truth likewise (empty for a file), and times of all those rows, or none.
    """
    predictor = prediction.predictor_of(run)
    goal, pre = predictor.task.goal, predictor.preprocessing
    if number < 0:
        found = pre.read(Path(path))
        encoded = pre.encode(Path(path))
        before = found.values[-_BEFORE * pre.length :]
        times = list(found.times[-len(before) :])
        extra = {"name": shown(Path(path).name), "number": -1, "count": 0, "truth": {}}
    else:
        _, split = prediction.held_back(run, data)
        place = int(number) % len(split)
        encoded = split.rows(np.array([place]))[0]
        begin = int(split.index[place]) + pre.length
        series: Any = split.inputs
        before = np.asarray(series[max(0, begin - _BEFORE * pre.length) : begin])
        ahead = split.ahead(np.array([place]))[0]
        names: Any = split.names
        times = names.times(begin - len(before), begin + len(ahead))
        truth = dict(zip(goal["names"], ahead.T.tolist(), strict=True))
        extra = {"name": split.names[place], "number": place, "count": len(split), "truth": truth}
    [answer] = predictor.predict([Item(extra["name"], encoded)])
    if answer.error:
        raise answer.error
    values = answer.answer["values"]
    return {
        **extra,
        "columns": list(goal["names"]),
        "before": {name: _plain(before[:, place]) for name, place in zip(goal["names"], goal["places"], strict=True)},
        "values": values if isinstance(values, dict) else {goal["names"][0]: values},
        "times": times,
        "window": pre.length,
    }


def _thinned(dataset: Dataset) -> dict[str, Any]:
    """Return a long series with the least and the most of each stretch, so that no peak is lost."""
    values: Any = dataset.training.inputs
    names: Any = dataset.training.names
    rows = len(values)
    if rows <= _POINTS:
        places = np.arange(rows)
    else:
        stretch = -(-rows // (_POINTS // 2))
        first = np.asarray(values[: rows // stretch * stretch, 0]).reshape(-1, stretch)
        begins = np.arange(len(first)) * stretch
        places = np.unique(np.concatenate((begins + first.argmin(1), begins + first.argmax(1), [rows - 1])))
    columns = dataset.facts["columns"]
    return {
        "rows": rows,
        "places": places.tolist(),
        "values": {column: _plain(values[places, number]) for number, column in enumerate(columns)},
        "times": [time for row in places.tolist() for time in names.times(row, row + 1)],
    }


def _curves(dataset: Dataset) -> list[dict[str, Any]]:
    split = next((dataset.splits[name] for name in SPLITS if len(dataset.splits[name])), None)
    if split is None:
        raise UserError("These data have no samples.")
    classes = range(min(len(dataset.classes), _MOST_CLASSES))
    chosen = [np.flatnonzero(split.targets == label)[:_CURVES] for label in classes] or [
        np.arange(len(split))[:_CURVES]
    ]
    found = []
    for label, places in enumerate(chosen):
        for place, rows in zip(places.tolist(), split.rows(places), strict=True):
            there = np.flatnonzero(~np.isnan(rows).all(axis=1))
            curve = rows[: there[-1] + 1 if len(there) else 0]
            curve = curve[:: max(1, len(curve) // (_POINTS // 4))]
            name = dataset.classes[label] if dataset.classes else engine_data._label(dataset, split.targets[place])
            found.append({"label": name, "name": split.names[place], "values": [_plain(column) for column in curve.T]})
    return found


def _plain(numbers: Any) -> list[float | None]:
    """Return numbers as JSON takes them: None where there is none."""
    return [value if np.isfinite(value) else None for value in np.asarray(numbers, np.float64).tolist()]


def read(run: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is to draw of a sequence for the model of a run: {"values": {column: numbers}, "times"}.

    given: {"path"} or {"series"} as prediction.predict takes it. Raises UserError when it cannot be read.
    """
    pre = prediction.predictor_of(run).preprocessing
    if "series" in given:
        values, times = np.asarray(given["series"], np.float32), ()
    else:
        found = pre.read(Path(given["path"]))
        values, times = found.values, found.times
    stretch = max(1, len(values) // _POINTS)
    named = dict(zip(pre.columns, values[::stretch].T, strict=True))
    return {"values": {name: _plain(column) for name, column in named.items()}, "times": list(times[::stretch])}
