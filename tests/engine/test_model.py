"""What the window asks about a model."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.training.runs import small_recipe
from workbench import engine
from workbench.architectures import architectures
from workbench.core.errors import UserError
from workbench.core.words import from_plain, tr
from workbench.engine import model
from workbench.training import tuning

PICTURES = {"kind": "image", "shape": [1, 28, 28]}
EXAMPLES = {
    "image": {"kind": "image", "shape": [3, 224, 224]},
    "text": {"kind": "text", "shape": []},
    "table": {"kind": "table", "shape": [6]},
    "series": {"kind": "series", "shape": [12, 3]},
}
ELSEWHERE = {"pretrained"}  # is nothing without a folder: its own tests make one


def layers(
    architecture: dict[str, Any], inputs: dict[str, Any], outputs: int = 10, posed: Sequence[str] = ("classification",)
) -> dict[str, Any]:
    asked = {"architecture": architecture, "inputs": inputs, "outputs": outputs, "tasks": list(posed)}
    return engine.ask("model.layers", asked)


def test_the_table_of_the_first_network() -> None:
    found = layers({}, PICTURES)
    rows = [
        (str(from_plain(row["name"])), row["output"], row["parameters"], row["flops"])
        for row in found["layers"]
        if row["kind"] not in ("activation", "reshape")
    ]
    assert rows == [
        ("Conv 3×3, 32", [32, 28, 28], 320, 451_584),
        ("Max pool 2×2", [32, 14, 14], 0, 0),
        ("Conv 3×3, 64", [64, 14, 14], 18_496, 7_225_344),
        ("Max pool 2×2", [64, 7, 7], 0, 0),
        ("Linear 128", [128], 401_536, 802_816),
        ("Linear 10", [10], 1_290, 2_560),
    ]
    assert found["parameters"] == 421_642
    assert found["flops"] == 8_482_304
    assert (found["task"], found["inputs"]["shape"], found["outputs"]) == ("classification", [1, 28, 28], 10)
    assert found["assumed"] is None


def test_the_drawing_of_the_first_network() -> None:
    blocks = [
        (block["kind"], str(from_plain(block["label"])), block["shape"]) for block in layers({}, PICTURES)["drawing"]
    ]
    assert blocks == [
        ("input", "image", [1, 28, 28]),
        ("conv", "conv 3×3", [32, 28, 28]),
        ("pool", "max pool", [32, 14, 14]),
        ("conv", "conv 3×3", [64, 14, 14]),
        ("pool", "max pool", [64, 7, 7]),
        ("linear", "linear", [128]),
        ("linear", "linear", [10]),
    ]


@pytest.mark.parametrize("kind", [kind for kind in architectures if kind not in ELSEWHERE])
def test_every_architecture_has_layers_and_a_drawing(kind: str) -> None:
    entry = architectures[kind]
    inputs, posed = entry.inputs[0], [entry.tasks[0]]
    for preset in ({}, *entry.presets.values()):
        found = layers({"kind": kind, **preset}, EXAMPLES[inputs], 4, posed)
        assert json.loads(json.dumps(found)) == found
        assert sum(row["parameters"] for row in found["layers"]) == found["parameters"] > 0
        assert found["task"] == posed[0]
        assert found["drawing"][0]["kind"] == "input"
        if posed == ["classification"]:
            assert found["layers"][-1]["output"] == found["drawing"][-1]["shape"] == [4]


def test_texts_that_nobody_has_counted_are_assumed() -> None:
    found = layers({"kind": "textcnn", "length": 30, "vocabulary": 500}, EXAMPLES["text"], 2)
    assert found["inputs"] == {"kind": "text", "shape": [30], "vocabulary": 500}
    words = str(from_plain(found["assumed"]))
    assert words == "Counted for 30 tokens out of 500; the training texts decide."
    known = {"kind": "text", "shape": [12], "vocabulary": 90}
    assert layers({"kind": "textcnn"}, known, 2)["inputs"] == known
    assert layers({"kind": "textcnn"}, known, 2)["assumed"] is None


def test_what_cannot_work_is_said() -> None:
    with pytest.raises(UserError, match="Block 5 has 1×1 pixels left, too few to pool"):
        layers({"widths": [8] * 5}, PICTURES)
    with pytest.raises(UserError, match=r"There is no setting architecture\.width"):
        layers({"width": [8]}, PICTURES)


def test_what_fits_and_why_the_rest_does_not() -> None:
    found = engine.ask("model.fits", {"inputs": EXAMPLES["text"], "tasks": ["classification"]})
    assert set(found) == set(architectures)
    assert found["textcnn"] == {"task": "classification", "why": None}
    assert str(from_plain(found["convnet"]["why"])) == "Takes images, and these are texts."


def test_the_fastest_settings_are_told_in_words(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(trainee: Any) -> tuple[float, float]:
        return 0.1 if trainee.recipe.training.memory_layout == "contiguous" else 0.3, 0.0

    def alternatives(trainee: Any, compiling: bool) -> list[tuple[str, str]]:
        return [("memory_layout", "contiguous"), ("memory_layout", "channels_last")]

    monkeypatch.setattr(tuning, "_measured", measured)
    monkeypatch.setattr(tuning, "_alternatives", alternatives)
    said: list[str] = []
    answer = model.tune(lambda stage, *_: said.append(tr(stage)), small_recipe())
    assert answer["settings"] == {"memory_layout": "contiguous"}
    assert tr(from_plain(answer["named"])) == "memory layout contiguous"
    assert answer["ratio"] == pytest.approx(3)
    assert "memory layout contiguous: 3.00 times as fast" in said
