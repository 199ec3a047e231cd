"""Data: what lies at a path, opening it, its rows, and what augmentation makes of them."""

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.core.signature import SPLITS, Inputs
from workbench.core.words import Words, to_plain
from workbench.data import Dataset, DataSettings, ImageSettings, kinds, open_data
from workbench.data import recognise as recognised
from workbench.data.checks import require_trainable
from workbench.data.dataset import Progress, ignore

_MOST_ROWS = 1000  # in one answer
_LONGEST = 20_000  # characters of a text that are sent to the window
_FRESH = 5.0  # seconds for which an opened data set is taken for unchanged

_opened: dict[str, tuple[float, Dataset]] = {}  # the latest one


def recognise(path: str) -> dict[str, Any]:
    """Return the settings that open what lies at `path`; raises UserError that names what was found instead."""
    return {"data": recognised(path).model_dump(mode="json")}


def open(progress: Callable[[Progress], None], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is to know about the data before training; a job, since images may have to be decoded first.

    Raises UserError when they cannot be opened, and when nothing can be learnt from them.
    """
    dataset = _remembered(data, progress)
    require_trainable(dataset)
    settings = build_settings(kinds, data, "samples", "data")
    assert isinstance(settings, DataSettings)
    return {
        "name": dataset.name,
        "task": dataset.task,
        "tasks": [settings.task] if settings.task != "auto" else list(dataset.tasks or (dataset.task,)),
        "possible": list(kinds[settings.opened_by()].tasks),
        "inputs": _inputs(dataset).to_plain(),
        "outputs": dataset.outputs,
        "target": asdict(dataset.target) if dataset.target else None,
        "classes": list(dataset.classes),
        "splits": {
            split: {"count": len(dataset.splits[split]), "classes": dataset.counts(split).tolist()} for split in SPLITS
        },
        "skipped": [{"name": item.name, "reason": to_plain(item.reason)} for item in dataset.skipped],
        "problems": [
            {"level": problem.level, "words": to_plain(problem.words), "items": list(problem.items)}
            for problem in dataset.problems
        ],
        "facts": {name: to_plain(fact) if isinstance(fact, Words) else fact for name, fact in dataset.facts.items()},
        "cache": str(dataset.cache),
    }


def _inputs(dataset: Dataset) -> Inputs:
    """Return one sample as a network takes it; of a table that is known once its preprocessing is fitted."""
    if dataset.inputs.kind != "table" or not len(dataset.training):
        return dataset.inputs
    return _fitted(dataset).inputs


def rows(data: Mapping[str, Any], split: str, start: int, count: int, label: int = -1) -> dict[str, Any]:
    """Return some samples of a split in order: name, label, text, and row in the cache; and how many there are in all.

    label: number of the class to keep to, or -1 for all of them.
    """
    dataset = _remembered(data)
    part = dataset.splits[_known(split)]
    has = part.targets[:, label] > 0 if label >= 0 and part.targets.ndim > 1 else part.targets == label
    places = np.arange(len(part)) if label < 0 else np.flatnonzero(has)
    chosen = places[max(0, start) : max(0, start) + min(count, _MOST_ROWS)]
    texts = part.texts(chosen) if dataset.inputs.kind == "text" else [""] * len(chosen)
    found = [
        {
            "name": part.names[place],
            "label": _label(dataset, part.targets[place]),
            "text": text[:_LONGEST],
            "row": int(part.index[place]),
        }
        for place, text in zip(chosen.tolist(), texts, strict=True)
    ]
    if dataset.inputs.kind == "table" and len(chosen):
        cells = _fitted(dataset)
        found = [{**row, "cells": cells.raw(values)} for row, values in zip(found, part.rows(chosen), strict=True)]
    return {"rows": found, "total": len(places)}


_tables: dict[str, Any] = {}  # the latest one


def _fitted(dataset: Dataset) -> Any:
    """Return what brings the rows of a table back into what the file says; fitting reads the training split once."""
    key = json.dumps([str(dataset.cache), len(dataset.training), dataset.facts.get("filling")])
    if key not in _tables:
        from workbench.data.preprocessing import fit  # the other answers do without

        _tables.clear()
        _tables[key] = fit(dataset)
    return _tables[key]


def augmented(data: Mapping[str, Any], rows: Sequence[int], seed: int = 0) -> dict[str, Any]:
    """Return images as the model will see them in training: uint8 of shape [N, H, W, C], as base64.

    rows: rows of the cache, whatever split they belong to. The same seed gives the same pictures.
    """
    import torch  # the other answers do without

    from workbench.data.augmentation import augment

    settings = build_settings(kinds, data, "samples", "data")
    dataset = _remembered(data)
    if dataset.inputs.kind != "image" or not isinstance(settings, ImageSettings):
        raise UserError("Only images are augmented.", hint="Open images to see a preview.")
    chosen = np.asarray(rows[:_MOST_ROWS], np.int64)
    pixels = np.asarray(dataset.training.inputs)[chosen]
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    changed, _ = augment(batch, None, settings.augmentation, torch.Generator().manual_seed(seed))
    result = changed.permute(0, 2, 3, 1).contiguous().numpy()
    return {"shape": list(result.shape), "pixels": base64.b64encode(result.tobytes()).decode("ascii")}


def _label(dataset: Dataset, target: Any) -> str:
    """Return what a target says: a class, several of them, or numbers."""
    if not dataset.classes:
        return ", ".join(f"{value:.6g}" for value in np.atleast_1d(target).tolist())
    if np.ndim(target):
        return ", ".join(dataset.classes[place] for place in np.flatnonzero(target))
    return dataset.classes[int(target)]


def _known(split: str) -> str:
    if split not in SPLITS:
        raise UserError(
            "There is no split called {split}.", hint="There are: {known}.", split=split, known=", ".join(SPLITS)
        )
    return split


def _remembered(data: Mapping[str, Any], progress: Callable[[Progress], None] = ignore) -> Dataset:
    """Return the opened data; the latest is kept a few seconds, so that scrolling does not look at every file again."""
    key = json.dumps({name: value for name, value in data.items() if name != "augmentation"}, sort_keys=True)
    moment, dataset = _opened.get(key, (-_FRESH, None))
    if dataset is None or time.monotonic() - moment > _FRESH or not dataset.cache.is_dir() or progress is not ignore:
        dataset = open_data(dict(data), progress)
        _opened.clear()
        _opened[key] = (time.monotonic(), dataset)
    return dataset
