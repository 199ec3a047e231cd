"""Vision transformers and ResNets of ours, opened by transformers' own classes: from pictures to labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.export.models import fresh_run
from workbench.data.preprocessing import ImagePreprocessing
from workbench.export import targets
from workbench.export.checking import MOST
from workbench.export.exporting import export
from workbench.export.subject import Subject
from workbench.inference.predictor import Item, Predictor
from workbench.networks.pretrained_models import silence

FORM = "hugging-face"


def colour(height: int = 32, width: int = 32) -> ImagePreprocessing:
    return ImagePreprocessing(3, height, width, (0.4, 0.5, 0.6), (0.2, 0.25, 0.3))


def grey(side: int = 32) -> ImagePreprocessing:
    return ImagePreprocessing(1, side, side, (0.3,), (0.25,))


CASES: list[Any] = [
    pytest.param("vit", {}, colour(), "classification", id="vit"),
    pytest.param("vit", {"activation": "squared_relu", "layers": 3}, grey(8), "multi_label", id="vit-grey"),
    pytest.param("vit", {"heads": 4, "patch": 8}, colour(16, 40), "classification", id="vit-wide-picture"),
    pytest.param("resnet", {"stem": "standard"}, colour(), "classification", id="resnet-8"),
    pytest.param("resnet", {"stem": "standard", "depth": 20, "width": 2}, grey(48), "multi_label", id="resnet-20"),
    *(
        pytest.param("resnet", {"stem": "standard", "depth": depth}, colour(), "classification", id=f"resnet-{depth}")
        for depth in (18, 34, 50, 101)
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "settings", "made", "task"), CASES)
def test_transformers_tells_the_same(tmp_path: Path, kind: str, settings: dict[str, Any], made: Any, task: str):
    run = fresh_run(tmp_path, kind, "image", task, settings, made)
    assert export(run, FORM, tmp_path / "out").difference < MOST


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["vit", "resnet"])
@pytest.mark.parametrize("size", [(32, 32), (50, 41)])
def test_its_own_classes_go_from_a_picture_to_the_label(tmp_path: Path, kind: str, size: tuple[int, int]):
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    run = fresh_run(
        tmp_path, kind, "image", "classification", {"stem": "standard"} if kind == "resnet" else {}, colour()
    )
    export(run, FORM, tmp_path / "out")
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    with silence():
        processor = AutoImageProcessor.from_pretrained(tmp_path / "out")
        model: Any = AutoModelForImageClassification.from_pretrained(tmp_path / "out")
    with Image.open(tmp_path / "picture.png") as picture:
        prepared = processor(picture, return_tensors="pt")
    predictor = Predictor.of_run(run)
    ours = predictor.ready(np.stack([predictor.encoded(tmp_path / "picture.png")]))
    torch.testing.assert_close(prepared["pixel_values"], ours, atol=1e-5, rtol=0)
    with torch.inference_mode():
        scores = torch.softmax(model(**prepared).logits[0], 0)
    [said] = predictor.predict([Item("picture", tmp_path / "picture.png")])
    assert model.config.id2label[int(scores.argmax())] == said.answer["label"]
    assert float(scores.max()) == pytest.approx(said.answer["score"], abs=1e-4)


@pytest.mark.parametrize(
    ("kind", "settings", "made", "words"),
    [
        ("vit", {"activation": "elu"}, colour(), "no activation like elu"),
        ("vit", {"patch": 5}, colour(), "divides its height and width"),
        ("resnet", {}, colour(), "choose the standard stem"),
        ("resnet", {"depth": 18}, colour(), "choose the standard stem"),
        ("resnet", {"depth": 18, "stem": "standard", "activation": "gelu"}, colour(), "has ReLU inside its blocks"),
        ("resnet", {"depth": 16, "stem": "standard"}, colour(), "no wide ResNet"),
        pytest.param(
            *("resnet", {"depth": 50, "stem": "standard", "width": 2}, colour(), "choose a widening of 1"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_transformers_lacks_is_said_for_each_setting(
    tmp_path: Path, kind: str, settings: dict[str, Any], made: Any, words: str
):
    subject = Subject.of_run(fresh_run(tmp_path, kind, "image", "classification", settings, made))
    reason = targets[FORM].refuses(subject)
    assert reason is not None
    assert words in str(reason)
