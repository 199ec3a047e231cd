"""From a name on the hub to a prediction, on the command line; what was downloaded once needs no network later."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars
import pytest
from PIL import Image

from tests.data.hub_server import Hub, in_use, parquet
from tests.data.test_hub import LABEL, png
from workbench.cli import main

pytestmark = pytest.mark.slow

TRAINING = """
[training]
epochs = {epochs}
batch_size = 8
threads = 1
device = "cpu"
speed = "plain"
"""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with in_use(Hub()) as made:
        yield made


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    code = main([*map(str, arguments), "--json"])
    told = capsys.readouterr()
    assert code == 0, told.err
    return json.loads(told.out.splitlines()[-1])


def test_images_of_which_nothing_was_known(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {
        "image": [{"bytes": png(20 + 200 * (number % 2), 8), "path": None} for number in range(60)],
        "label": [number % 2 for number in range(60)],
    }
    hub.repositories["somebody/shades"] = {"default/train/0000.parquet": parquet(polars.DataFrame(rows), LABEL)}
    recipe = tmp_path / "shades.toml"
    recipe.write_text('[data]\nkind = "hub"\nname = "somebody/shades"\n' + TRAINING.format(epochs=3))
    trained = run(capsys, "train", recipe)
    assert trained["outcome"] == "finished"
    assert trained["metrics"]["test_accuracy"] == 1.0
    asked = len(hub.asked)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    Image.new("L", (8, 8), 215).save(tmp_path / "bright.png")
    (predicted,) = run(capsys, "predict", trained["run"], tmp_path / "bright.png")["predictions"]
    assert predicted["label"] == "dog"
    run(capsys, "evaluate", trained["run"])
    assert run(capsys, "train", recipe)["metrics"]["test_accuracy"] == 1.0
    assert len(hub.asked) == asked


def test_texts_to_write_on(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(f"The cat sat on the mat {number % 7} times.\n" for number in range(300))
    hub.repositories["karpathy/tiny_shakespeare"] = {
        f"default/{split}/0000.parquet": parquet(polars.DataFrame({"text": [part]}))
        for split, part in (("train", text), ("validation", text[:700]), ("test", text[700:1400]))
    }
    recipe = tmp_path / "shakespeare.toml"
    recipe.write_text(
        '[data]\nkind = "hub"\nname = "karpathy/tiny_shakespeare"\n[architecture]\nkind = "gpt"\nlayers = 1\n'
        "heads = 2\nwidth = 32\ncontext = 32\n"
        + TRAINING.format(epochs=1).replace("epochs = 1", "steps = 400\nepochs = 1")
    )
    trained = run(capsys, "train", recipe)
    assert trained["outcome"] == "finished"
    assert trained["metrics"]["validation_loss"] < 2.5
    assert run(capsys, "generate", trained["run"], "--prompt", "The cat", "--max-tokens", "8")


def test_what_cannot_be_downloaded_fails_with_the_reason(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "nothing.toml"
    recipe.write_text('[data]\nkind = "hub"\nname = "nobody/nothing"\n' + TRAINING.format(epochs=1))
    assert main(["train", str(recipe)]) == 1
    assert "The hub has no data set called nobody/nothing." in capsys.readouterr().err
    assert main(["describe", str(recipe)]) == 1
    assert "What these data hold is known only once they were opened." in capsys.readouterr().err
