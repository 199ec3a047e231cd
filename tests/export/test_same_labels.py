"""Every architecture in every form: of 200 real samples, its export tells the labels that `workbench predict` tells."""

import contextlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.export.elsewhere import Told, told_elsewhere
from tests.export.real_samples import COUNT, written
from tests.pairs import Pair, pairs
from tests.training.runs import make_run
from workbench.cli import main
from workbench.core.events import Finished
from workbench.core.run_folder import RunFolder
from workbench.export import targets
from workbench.export.checking import MOST
from workbench.export.exporting import export
from workbench.inference.inputs import items_of
from workbench.inference.predictor import Predictor
from workbench.training.worker import train_run

pytestmark = pytest.mark.slow

TRAINING = {"epochs": 100, "steps": 24, "batch_size": 32, "device": "cpu", "threads": 1}
FAST = {"optimizer": {"kind": "adamw", "learning_rate": 0.01}, "schedule": {"kind": "constant"}}
THERE = {"bert", "gpt", "vit", "resnet"}  # that transformers has classes for
FORMS = ("onnx", "pytorch", "torch-program")
CASES = [
    *((pair, form, False) for pair in pairs() for form in FORMS),
    *((pair, "hugging-face", True) for pair in pairs() if pair.kind in THERE),
]
LONGER = {"masked_token": {"steps": 240}}  # until it says something else than the commonest token
LARGER = {"resnet": ({"size": 32}, {"stem": "standard"})}  # data and settings that transformers' class can express


@dataclass(frozen=True)
class Trained:
    """A run, the samples that it was asked of, as raw inputs, and what `workbench predict` and the model said."""

    run: RunFolder
    raws: list[Any]
    predictions: list[Mapping[str, Any]]
    told: Told


Train = Callable[[Pair, bool], Trained]


@pytest.fixture(scope="session")
def trained(session_folders: Path) -> Train:
    """Return what trains each pair once; larger: so that it has a place in transformers."""
    known: dict[tuple[Pair, bool], Trained] = {}

    def one(pair: Pair, larger: bool) -> Trained:
        larger = larger and pair.kind in LARGER
        if (pair, larger) not in known:
            known[pair, larger] = _trained(session_folders / "labels" / f"{pair.name()}-{larger}", pair, larger)
        return known[pair, larger]

    return one


def _trained(place: Path, pair: Pair, larger: bool) -> Trained:
    data, settings = LARGER[pair.kind] if larger else ({}, {})
    run = make_run(
        place / "runs",
        data={**pair.data(), **data},
        architecture={**pair.architecture(), **settings},
        training={**TRAINING, **FAST, **LONGER.get(pair.task, {})},
    )
    assert isinstance(train_run(run), Finished)
    predictor = Predictor.of_run(run)
    given = written(run, predictor, place)
    raws = [item.raw for item in items_of([given], pair.inputs, "text", predictor.preprocessing)]
    encoded = [predictor.encoded(raw) for raw in raws]
    numbers = [predictor.told(np.stack([each]), 5)[0][0] for each in encoded]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["predict", str(run.path), str(given), "--json"]) == 0
    predictions = json.loads(said.getvalue().splitlines()[-1])["predictions"]
    return Trained(run, [_plain(raw) for raw in raws], predictions, Told(numbers, [_label(p) for p in predictions]))


def _plain(raw: Any) -> Any:
    """Return a raw input as it travels to another process."""
    return str(raw) if isinstance(raw, Path) else raw.tolist() if isinstance(raw, np.ndarray) else raw


def _label(prediction: Mapping[str, Any]) -> str:
    if "masks" in prediction:
        return " ".join(candidates[0]["label"] for candidates in prediction["masks"])
    return prediction.get("label", "")


@pytest.mark.parametrize(
    ("pair", "form", "larger"), CASES, ids=lambda value: value.name() if isinstance(value, Pair) else str(value)
)
def test_the_labels_are_those_of_predict(trained: Train, pair: Pair, form: str, larger: bool, tmp_path: Path):
    ours = trained(pair, larger)
    assert len(ours.predictions) == len(ours.raws) == COUNT
    export(ours.run, form, tmp_path / "out")
    theirs = told_elsewhere(targets[form], tmp_path / "out", ours.raws, tmp_path)
    for number, (wanted, found) in enumerate(zip(ours.told.numbers, theirs.numbers, strict=True)):
        wanted = wanted[: len(found)] if pair.task.endswith("_token") else wanted  # the export reads no padding
        most = MOST * max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=most, err_msg=f"sample {number}")
    different = [
        number
        for number, (wanted, found) in enumerate(zip(ours.told.labels, theirs.labels, strict=True))
        if wanted != found and not _is_a_tie(pair.task, ours.told.numbers[number], len(theirs.numbers[number]))
    ]
    assert not different
    if pair.task not in ("regression", "forecasting", "reconstruction"):
        there = sum(map(bool, ours.told.labels))  # several labels may be none, and a mask may lie beyond what is read
        assert there == COUNT or (pair.task in ("multi_label", "masked_token") and there > COUNT / 10)
        assert len(set(ours.told.labels)) > 1, "it has learned something, or the comparison would say little"
    for number, prediction in enumerate(ours.predictions):
        if "values" in prediction or "value" in prediction:
            _is_told(prediction, theirs.numbers[number])


def _is_a_tie(task: str, told: np.ndarray, length: int) -> bool:
    """Return whether rounding may decide between two labels."""
    if task == "multi_label":
        return bool((np.abs(told - 0.5) < MOST).any())
    if task == "next_token":
        told = told[length - 1 : length]
    scores = told if task == "classification" else np.exp(told - told.max(-1, keepdims=True))
    best = np.sort(scores / scores.sum(-1, keepdims=True), axis=-1)
    return bool((best[..., -1] - best[..., -2] < MOST).any())


def _is_told(prediction: Mapping[str, Any], numbers: np.ndarray) -> None:
    """Assert that the numbers that `predict` prints are those that the export tells."""
    said = prediction.get("values", prediction.get("value"))
    flat = np.array(list(said.values()) if isinstance(said, dict) else said, np.float64).reshape(-1)
    np.testing.assert_allclose(np.sort(flat), np.sort(numbers.reshape(-1)), rtol=1e-4, atol=MOST)
