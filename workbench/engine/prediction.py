"""Predictions: what a run's model says, with the models last used kept ready."""

import base64
import binascii
import io
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words
from workbench.data.dataset import Dataset, Split
from workbench.engine._predictors import predictor_of
from workbench.inference import run_data
from workbench.inference.inputs import items_of
from workbench.inference.model_folder import model_of, read_description
from workbench.inference.predictor import BATCH_SIZE, Item, Predictor

_LONGEST = 20_000  # characters of a text that are sent to the window


def describe(run: str) -> dict[str, Any]:
    """Return what the model of a run takes and says, without loading it; path_ok: whether its data are there."""
    folder = RunFolder(Path(run))
    description = read_description(model_of(folder))
    names = ("task", "goal", "inputs", "labels", "architecture", "data")
    return {
        **{name: description.get(name, {}) for name in names},
        "preprocessing": _without_long_parts(description.get("preprocessing", {})),
        "title": folder.notes()["name"] or description.get("title", "") or folder.name,
        "step": description.get("step", 0),
        "epoch": description.get("epoch", 0),
        "metrics": description.get("metrics", {}),
        "path_ok": run_data.is_there(folder),
    }


def predict(run: str, inputs: Sequence[Mapping[str, Any]], top: int = 5, invert: bool = False) -> dict[str, Any]:
    """Return a prediction for each input: {"path"}, {"text"}, {"row"}, {"series"} or {"image": base64 of a file}."""
    predictor = predictor_of(run)
    items = [item_of(given, number) for number, given in enumerate(inputs)]
    return {"predictions": [found.to_plain() for found in predictor.predict(items, top, invert=invert)]}


def seen(run: str, input: Mapping[str, Any], invert: bool = False) -> dict[str, Any]:
    """Return an image as the model of the run sees it: {"shape": [H, W, C], "pixels": base64 of uint8}."""
    pixels = predictor_of(run).seen(item_of(input, 0).raw, invert=invert)
    return {"shape": list(pixels.shape), "pixels": base64.b64encode(pixels.tobytes()).decode("ascii")}


def sample(run: str, number: int, data: str = "") -> dict[str, Any]:
    """Return the sample of this number, counted round, of the test split, or of the validation split if there is none.

    data: where the data lie now, if they moved. Raises UserError when they are not there.
    """
    dataset, split = held_back(run, data)
    labels = tuple(read_description(model_of(RunFolder(Path(run))))["labels"])
    place = int(number) % len(split)
    found = {
        "name": split.names[place],
        "label": _truth(split.targets[place], labels),
        "number": place,
        "count": len(split),
    }
    if dataset.inputs.kind == "series":
        return {**found, "series": _steps(split.rows(np.array([place]))[0])}
    if dataset.inputs.kind == "table":
        return {**found, "row": predictor_of(run).preprocessing.raw(split.rows(np.array([place]))[0])}
    if isinstance(split.inputs, np.ndarray):
        return {**found, "image": _png(split.rows(np.array([place]))[0])}
    return {**found, "text": split.texts(np.array([place]))[0][:_LONGEST]}


def batch(
    progress: Callable[..., None], run: str, paths: Sequence[str], top: int = 5, invert: bool = False
) -> dict[str, Any]:
    """Return a prediction for each thing at these paths: files, folders of them, tables of texts. A job."""
    progress(Words("Looking for inputs"))
    predictor = predictor_of(run)
    items = items_of(paths, predictor.model.inputs.kind, _text_column(predictor), predictor.preprocessing)
    stage = Words("Predicting")
    found = predictor.predictions(
        items, top, BATCH_SIZE, invert=invert, before=lambda done: progress(stage, done, len(items))
    )
    return {"predictions": [prediction.to_plain() for prediction in found]}


@lru_cache(maxsize=1)
def _dataset(run: RunFolder, labels: tuple[str, ...], data: str, version: int) -> Dataset:
    return run_data.open_again(run, labels, data)


def _without_long_parts(preprocessing: Mapping[str, Any]) -> dict[str, Any]:
    """Return what says how inputs are made ready, without vocabularies: they would take long on the way."""
    return {
        name: value for name, value in preprocessing.items() if not isinstance(value, str | list) or len(value) < 2000
    }


def held_back(run: str, data: str = "") -> tuple[Dataset, Split]:
    """Return the data of a run and the split that it was not trained on: the test split, else that of validation.

    data: where the data lie now, if they moved. Raises UserError when they are not there.
    """
    folder = RunFolder(Path(run))
    model = model_of(folder)
    labels = tuple(read_description(model)["labels"])
    dataset = _dataset(folder, labels, data, model.parent.stat().st_mtime_ns)
    for name in ("test", "validation", "training"):
        if len(dataset.splits[name]):
            return dataset, dataset.splits[name]
    raise UserError("These data have no samples.")


def _truth(target: Any, labels: Sequence[str]) -> str:
    """Return what a sample truly is: a class, several of them, or numbers."""
    if not labels:
        numbers = np.atleast_1d(target).tolist() if np.asarray(target).dtype.kind == "f" else ()
        return ", ".join(f"{value:.6g}" for value in numbers)
    if np.ndim(target):
        return ", ".join(labels[int(place)] for place in np.flatnonzero(target))
    return labels[int(target)]


def _steps(series: np.ndarray) -> list[list[float | None]]:
    """Return the steps of a series without the padding behind them: (T, channels), None where there is no number."""
    there = np.flatnonzero(~np.isnan(series).all(axis=1))
    steps = series[: there[-1] + 1 if len(there) else 0].tolist()
    return [[value if np.isfinite(value) else None for value in step] for step in steps]


def _text_column(predictor: Predictor) -> str:
    return predictor.model.description.get("data", {}).get("text_column", "auto")


def item_of(given: Mapping[str, Any], number: int) -> Item:
    """Return what a question holds as a thing to predict; raises UserError when it holds none."""
    match given:
        case {"path": str(path)}:
            return Item(shown(path), Path(path))
        case {"text": str(text)}:
            return Item(text if len(text) < 60 else f"{text[:57]}…", text)
        case {"row": dict(row)}:
            return Item(given.get("name", "") or f"row {number + 1}", row)
        case {"series": list(values)}:
            return Item(given.get("name", "") or f"series {number + 1}", np.asarray(values, np.float32))
        case {"image": str(encoded)}:
            try:
                return Item(given.get("name", "") or f"image {number + 1}", base64.b64decode(encoded, validate=True))
            except binascii.Error:
                raise UserError("This image did not arrive whole.", hint="Try again.") from None
    raise UserError("A prediction needs a path, a text, an image, a row of a table or a series.")


def _png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")
