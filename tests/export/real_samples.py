"""200 real samples of a run's data as someone would have them: pictures, texts, rows and series in files."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from workbench.core.run_folder import RunFolder
from workbench.data import Dataset, Split
from workbench.inference import run_data
from workbench.inference.predictor import Predictor

COUNT = 200
_ENDINGS = {"image": "pictures", "text": "texts.csv", "table": "rows.csv", "series": "series.npz"}


def written(run: RunFolder, predictor: Predictor, place: Path) -> Path:
    """Write samples of the run's data, those it was not trained on first, and return where `predict` finds them."""
    dataset = run_data.open_again(run, predictor.model.labels, "")
    found = [
        _raw(dataset, split, number, predictor)
        for split in (dataset.splits[name] for name in ("test", "validation", "training"))
        for number in range(min(len(split), COUNT))
    ][:COUNT]
    path = place / _ENDINGS[dataset.inputs.kind]
    match dataset.inputs.kind:
        case "image":
            path.mkdir()
            for number, pixels in enumerate(found):
                Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(path / f"{number:04}.png")
        case "text":
            _write_table(path, [{"text": _with_a_mask(text, predictor)} for text in found])
        case "table":
            _write_table(path, _filled_up(found))
        case _:
            np.savez(path, X=np.stack(found))
    return path


def _raw(dataset: Dataset, split: Split, number: int, predictor: Predictor) -> Any:
    if dataset.inputs.kind == "text":
        return split.texts(np.array([number]))[0]
    [row] = split.rows(np.array([number]))
    return predictor.preprocessing.raw(row) if dataset.inputs.kind == "table" else row


def _with_a_mask(text: str, predictor: Predictor) -> str:
    """Return the text with its third word masked, for models that fill in masks."""
    if predictor.task.name != "masked_token":
        return text
    words = text.split()
    return " ".join([*words[:2], "[MASK]", *words[3:]])


def _filled_up(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return as many rows as are wanted: where there are fewer, some come again with a value missing."""
    again = [{**row, list(row)[number % len(row)]: None} for number, row in enumerate(rows)]
    return [*rows, *again][:COUNT]


def _write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
