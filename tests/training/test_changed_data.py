"""Data that are other ones when a run goes on, and settings that torch would refuse in its own words."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import folders
from tests.training.runs import Seen, make_run, trained
from workbench.core.events import Failed, Finished, Warned
from workbench.training.worker import train_run


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return folders.image_folder(tmp_path / "images", ("circle", "square"), 10, 8)


def data(images: Path) -> dict[str, Any]:
    return {"kind": "image_folder", "path": str(images)}


def test_another_class_is_refused_in_words(tmp_path: Path, images: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1", data=data(images))
    folders.image_folder(images, ("triangle",), 10, 8)
    ending = train_run(folder, ["training.epochs=2"])
    assert isinstance(ending, Failed)
    assert "These are not the data of {run}" in ending.error["message"]
    assert ending.error["values"]["found"] == "circle, square, triangle"
    shutil.rmtree(images / "triangle")
    assert isinstance(train_run(folder, ["training.epochs=2"]), Finished)


def test_fewer_samples_are_told(tmp_path: Path, images: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1", data=data(images))
    for path in sorted((images / "circle").iterdir())[:4]:
        path.unlink()
    seen = Seen()
    assert isinstance(train_run(folder, ["training.epochs=2"], on_event=seen), Finished)
    told = [str(event.message) for event in seen.of(Warned)]
    assert any("There are now" in words and "samples to train on" in words for words in told), told


def test_one_sample_a_step_and_batch_normalization_do_not_go_together(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "training.batch_size=1", architecture={"kind": "mlp", "normalization": "batch"})
    ending = train_run(folder)
    assert isinstance(ending, Failed)
    assert "more than one sample" in ending.error["message"]
    assert "batch size" in ending.error["hint"]
