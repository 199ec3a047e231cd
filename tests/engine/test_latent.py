"""What the window asks about an autoencoder: what comes back of an image, and the map of its middle."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.runs import FEW_DIGITS, trained
from workbench import engine
from workbench.core.errors import UserError
from workbench.engine import latent, prediction


def run_of(runs: Path, **settings: Any) -> str:
    data = {**FEW_DIGITS, "task": "reconstruction"}
    small = {"kind": "autoencoder", "channels": [4], "hidden": [16], **settings}
    return str(trained(runs, "training.epochs=2", data=data, architecture=small)[0].path)


def pixels(answer: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(answer["shape"])


@pytest.mark.parametrize(("settings", "exact"), [({"latent": 2}, True), ({"latent": 5, "variational": True}, False)])
def test_an_image_comes_back_and_the_map_decodes(tmp_path: Path, settings: dict[str, Any], exact: bool) -> None:
    run = run_of(tmp_path, **settings)
    sample = prediction.sample(run, 0)
    given = {"image": sample["image"]}
    found = engine.ask("latent.reconstruct", {"run": run, "input": given})
    before, after, apart = (pixels(found[name]).astype(int) for name in ("input", "output", "difference"))
    assert before.shape == after.shape == (8, 8, 1)
    assert np.array_equal(np.abs(before - after), apart)
    [answer] = prediction.predict(run, [given])["predictions"]
    assert answer["error"] == pytest.approx(found["error"], rel=1e-4)
    space = engine.ask("latent.points", {"run": run, "most": 50})
    assert len(space["points"]) == len(space["labels"]) == 50
    assert (space["exact"], len(space["classes"])) == (exact, 10)
    latent._planes.clear()  # as after a restart of the engine
    here = engine.ask("latent.decode", {"run": run, "point": space["points"][0]})
    there = engine.ask("latent.decode", {"run": run, "point": [value + 50 for value in space["points"][0]]})
    assert here["shape"] == [8, 8, 1]
    assert here["pixels"] != there["pixels"]


def test_another_network_has_no_map(tmp_path: Path) -> None:
    run = str(trained(tmp_path, "training.epochs=1")[0].path)
    with pytest.raises(UserError, match="no autoencoder"):
        engine.ask("latent.points", {"run": run})
