"""What a model says about a file is what it said about that sample in validation."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.runs import trained
from workbench.core import paths
from workbench.core.events import Finished
from workbench.core.run_folder import RunFolder, new_run
from workbench.data import Dataset
from workbench.inference.predictor import Item, Predictor
from workbench.recipe import read_recipe, to_toml
from workbench.training.setup import set_up
from workbench.training.validation import outputs_of
from workbench.training.worker import train_run

FASHION = Path("/usr/share/datasets/fashion-mnist")


def in_validation(folder: RunFolder, count: int) -> tuple[Dataset, np.ndarray]:
    """Return the data, and the scores that the training itself gives to the first validation samples."""
    trainee = set_up(read_recipe(folder.recipe), lambda event: None)
    model = folder.best_model()
    assert model is not None
    trainee.network.load_state_dict(Predictor(model).model.network.state_dict())
    logits = outputs_of(trainee, trainee.network, trainee.dataset.validation)[0][:count]
    return trainee.dataset, torch.softmax(logits.float(), 1).numpy()


def compare(folder: RunFolder, items: list[Item], scores: np.ndarray, classes: tuple[str, ...], within: float) -> None:
    predictor = Predictor.of_run(folder)
    for batch_size in (64, 1):
        for item, given, wanted in zip(items, predictor.predict(items, len(classes), batch_size), scores, strict=True):
            assert given.error is None, item.name
            assert given.answer["label"] == classes[int(wanted.argmax())]
            found = {entry["label"]: entry["score"] for entry in given.answer["top"]}
            assert max(abs(found[name] - score) for name, score in zip(classes, wanted, strict=True)) < within


def as_files(dataset: Dataset, count: int, place: Path) -> list[Item]:
    place.mkdir()
    items = []
    for number, pixels in enumerate(dataset.validation.rows(slice(0, count))):
        path = place / f"{number}.png"
        Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(path)
        items.append(Item(path.name, path))
    return items


@pytest.mark.parametrize(("precision", "within"), [("float32", 1e-5), ("bfloat16", 1e-2)])
def test_files_get_the_scores_of_validation(tmp_path: Path, precision: str, within: float) -> None:
    folder, ending = trained(tmp_path, f"training.precision={precision}")
    assert isinstance(ending, Finished)
    dataset, scores = in_validation(folder, 100)
    compare(folder, as_files(dataset, 100, tmp_path / "files"), scores, dataset.classes, within)


def test_colour_files_of_other_sizes_get_the_scores_of_validation(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label, base in (("dark", 40), ("light", 160)):
        (tmp_path / "images" / label).mkdir(parents=True)
        for number in range(30):
            shape = (int(random.integers(9, 40)), int(random.integers(9, 40)), 3)
            pixels = np.clip(random.integers(0, 90, shape) + base, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / label / f"{number}.png")
    data = {"kind": "image_folder", "path": str(tmp_path / "images"), "validation": 0.4}
    folder, ending = trained(tmp_path / "runs", data=data)
    assert isinstance(ending, Finished)
    dataset, scores = in_validation(folder, 20)
    originals = [tmp_path / "images" / name for name in list(dataset.validation.names)[:20]]
    items = [Item(path.name, path) for path in originals]
    compare(folder, items, scores, dataset.classes, 1e-5)


def test_texts_get_the_scores_of_validation(tmp_path: Path) -> None:
    sections = {"data": {"kind": "samples", "name": "reviews"}, "architecture": {"kind": "textcnn", "filters": 8}}
    folder, ending = trained(tmp_path, "training.epochs=1", **sections)
    assert isinstance(ending, Finished)
    dataset, scores = in_validation(folder, 60)
    items = [Item(str(number), text) for number, text in enumerate(dataset.validation.texts()[:60])]
    compare(folder, items, scores, dataset.classes, 1e-5)


@pytest.mark.slow
@pytest.mark.skipif(not FASHION.is_dir(), reason="the package dataset-fashion-mnist is not installed")
def test_fashion_mnist_is_learned_and_files_agree(tmp_path: Path) -> None:
    data = {"kind": "idx", "path": str(FASHION)}
    sections = {
        "data": data,
        "architecture": {"kind": "convnet"},
        "training": {"epochs": 5, "seed": 0, "precision": "float32"},
    }
    folder, ending = trained(tmp_path, **sections)
    assert isinstance(ending, Finished)
    assert ending.metrics["test_accuracy"] >= 0.90
    dataset, scores = in_validation(folder, 1000)
    compare(folder, as_files(dataset, 1000, tmp_path / "files"), scores, dataset.classes, 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "metric", "least"), [("digits", "test", 0.97), ("reviews", "validation", 0.80)])
def test_the_samples_recipes_keep_their_promise(tmp_path: Path, name: str, metric: str, least: float) -> None:
    recipe = read_recipe(paths.resources() / "recipes" / f"{name}.toml")
    ending = train_run(new_run(tmp_path, name, to_toml(recipe)))
    assert isinstance(ending, Finished)
    assert ending.metrics[f"{metric}_accuracy"] >= least
