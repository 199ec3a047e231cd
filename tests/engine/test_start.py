"""What the window asks about weights to begin with."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from workbench import engine
from workbench.architectures import architectures, build
from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.core.words import from_plain
from workbench.training.starting import freeze

DIGITS = {"kind": "image", "shape": [1, 8, 8]}
NET = {"kind": "convnet", "widths": [4, 8], "hidden": [16]}
LAYERS = ["features.0", "features.3", "classifier.1", "classifier.3"]


def net(outputs: int = 10) -> torch.nn.Module:
    return build(architectures["convnet"].settings.model_validate(NET), Inputs.from_plain(DIGITS), outputs)


def asked(**changes: Any) -> dict[str, Any]:
    return {"architecture": NET, "inputs": DIGITS, "outputs": 10, "tasks": ["classification"], **changes}


@pytest.fixture
def weights(tmp_path: Path) -> str:
    path = tmp_path / "net.safetensors"
    save_file({**net().state_dict(), "teacher.weight": torch.ones(2)}, path)
    return str(path)


def test_says_tensor_by_tensor_what_would_be_taken_over(weights: str, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    found = engine.ask("start.match", asked(outputs=3, start_from=weights, runs=str(tmp_path)))
    assert torch.equal(torch.get_rng_state(), before)
    assert json.loads(json.dumps(found)) == found
    assert (found["name"], found["loaded"], found["all"]) == ("net.safetensors", 6, 8)
    rows = {row["tensor"]: row for row in found["rows"]}
    assert rows["features.0.weight"] == {"tensor": "features.0.weight", "state": "loaded", "reason": None}
    assert rows["classifier.3.bias"]["state"] == "fresh"
    assert str(from_plain(rows["classifier.3.bias"]["reason"])) == "It is 10 there and 3 here."
    assert rows["teacher.weight"]["state"] == "left over"
    assert str(from_plain(rows["teacher.weight"]["reason"])) == "The network has no such layer."


def test_what_cannot_be_taken_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing to start from at nowhere"):
        engine.ask("start.match", asked(start_from="nowhere", runs=str(tmp_path)))
    save_file({"other": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match=r"Nothing in other\.safetensors fits"):
        engine.ask("start.match", asked(start_from=str(tmp_path / "other.safetensors")))


def test_the_layers_that_can_be_frozen_leave_something_to_train() -> None:
    found: Any = engine.ask("start.layers", asked())
    assert found == LAYERS[:-1]
    for name in found:
        freeze(net(), name)
    with pytest.raises(UserError, match="nothing is left"):
        freeze(net(), LAYERS[-1])


@pytest.mark.parametrize("kind", ["vit", "gpt", "transformer"])
def test_every_layer_that_is_offered_can_be_frozen(kind: str) -> None:
    entry = architectures[kind]
    given = {"kind": "image", "shape": [1, 16, 16]} if "image" in entry.inputs else {"kind": "text", "shape": []}
    plain = {"kind": kind, **entry.tiny}
    found: Any = engine.ask("start.layers", asked(architecture=plain, inputs=given, tasks=[entry.tasks[0]]))
    shape, words = ((1, 16, 16), 0) if given["kind"] == "image" else ((16,), 50)
    settings = entry.settings.model_validate(plain)
    assert found
    for name in found:
        freeze(build(settings, Inputs(given["kind"], shape, words), 50, entry.tasks[0]), name)
