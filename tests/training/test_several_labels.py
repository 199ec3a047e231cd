"""Trainings whose samples can have several labels: texts and images, every architecture, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.training.runs import make_run
from workbench.architectures import architectures
from workbench.core.events import Failed, Finished
from workbench.engine import prediction
from workbench.inference.evaluation import evaluate_run
from workbench.training.worker import train_run

ELSEWHERE = {"pretrained"}  # is nothing without a folder
OF = {
    inputs: [kind for kind, entry in architectures.items()
             if "multi_label" in entry.tasks and inputs in entry.inputs and kind not in ELSEWHERE]
    for inputs in ("text", "image")
}  # fmt: skip


def texts(folder: Path) -> dict[str, Any]:
    cells = (("fast", "fast"), ("fast cheap", "fast;cheap"), ("loud", "loud"), ("loud cheap", "cheap;loud"))
    rows = [f"{words} thing {number},{tags}" for number in range(30) for words, tags in cells]
    (folder / "tags.csv").write_text("\n".join(["text,tags", *rows]))
    return {"kind": "text_table", "path": str(folder / "tags.csv")}


def images(folder: Path) -> dict[str, Any]:
    random, lines = np.random.Generator(np.random.PCG64(0)), ["file,labels"]
    for number in range(64):
        pixels = random.integers(0, 60, (8, 8, 3)).astype(np.uint8)
        names = [name for name in ("red", "green", "blue") if random.random() < 0.5] or ["red"]
        for name in names:
            pixels[..., ("red", "green", "blue").index(name)] += 150
        Image.fromarray(pixels).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{'|'.join(names)}")
    (folder / "labels.csv").write_text("\n".join(lines))
    return {"kind": "image_folder", "path": str(folder), "label_separator": "bar"}


def run_of(runs: Path, data: dict[str, Any], kind: str, **training: Any) -> Any:
    optimizer = {"kind": "adamw", "learning_rate": 0.01}
    settings = {"epochs": 12, "batch_size": 16, "device": "cpu", "threads": 1, "optimizer": optimizer, **training}
    return make_run(runs, data=data, architecture={"kind": kind, **architectures[kind].tiny}, training=settings)


def test_labels_are_learned_evaluated_and_predicted(own_folders: Path, tmp_path: Path) -> None:
    folder = run_of(own_folders, texts(tmp_path), "textcnn", label_smoothing=0.1)
    ending = train_run(folder)
    assert isinstance(ending, Finished)
    assert ending.metrics["test_micro_f1"] > 0.9
    assert {"validation_label_macro_f1", "validation_exact_match"} <= set(ending.metrics)
    found = evaluate_run(folder)["splits"]["test"]
    assert [row["label"] for row in found["per_label"]] == ["cheap", "fast", "loud"]
    [answer] = prediction.predict(str(folder.path), [{"text": "a cheap and loud thing"}])["predictions"]
    assert answer["labels"] == ["cheap", "loud"]
    sample = prediction.sample(str(folder.path), 0)
    assert sample["label"] in {"fast", "cheap, fast", "loud", "cheap, loud"}


def test_class_weights_are_refused(own_folders: Path, tmp_path: Path) -> None:
    ending = train_run(run_of(own_folders, texts(tmp_path), "textcnn", class_weights="balanced"))
    assert isinstance(ending, Failed)
    assert "Class weights are for one class out of several" in str(ending.error)


@pytest.mark.slow
def test_blended_images_are_refused(own_folders: Path, tmp_path: Path) -> None:
    ending = train_run(run_of(own_folders, {**images(tmp_path), "augmentation": {"mixup": 0.4}}, "convnet"))
    assert isinstance(ending, Failed)
    assert "Mixup and CutMix blend classes, and this task has none to blend" in str(ending.error)


@pytest.mark.slow
@pytest.mark.parametrize("kind", OF["text"])
def test_every_architecture_of_texts_learns_labels(kind: str, own_folders: Path, tmp_path: Path) -> None:
    ending = train_run(run_of(own_folders, texts(tmp_path), kind))
    assert isinstance(ending, Finished)
    assert ending.metrics["validation_micro_f1"] > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("kind", OF["image"])
def test_every_architecture_of_images_learns_labels(kind: str, own_folders: Path, tmp_path: Path) -> None:
    ending = train_run(run_of(own_folders, images(tmp_path), kind))
    assert isinstance(ending, Finished)
    assert {"test_micro_f1", "test_exact_match"} <= set(ending.metrics)
