"""Test-time augmentation: the mean over copies, the same in training, evaluation and prediction."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.training.runs import FEW_DIGITS, make_run, trained
from workbench.core.errors import UserError
from workbench.core.events import Finished
from workbench.data import open_data
from workbench.inference.evaluation import evaluate_run
from workbench.inference.predictor import Item, Predictor
from workbench.inference.test_time import averaged


def first_pixels(images: Tensor) -> Tensor:
    return images[:, 0, 0, :2]


def test_mirror_images_count_as_much_as_the_images() -> None:
    images = torch.rand(5, 1, 4, 6)
    wanted = (images[:, 0, 0, :2] + images.flip(3)[:, 0, 0, :2]) / 2
    torch.testing.assert_close(averaged(first_pixels, images, "mirror"), wanted)
    assert averaged(first_pixels, images, "none") is not images
    assert torch.equal(averaged(first_pixels, images, "none"), first_pixels(images))


def test_shifted_copies_count_half_and_all_weights_make_one() -> None:
    even = torch.full((2, 3, 5, 5), 0.7)
    torch.testing.assert_close(averaged(first_pixels, even, "mirror and shift"), first_pixels(even))
    spot = torch.zeros(1, 1, 5, 5)
    spot[0, 0, 1, 1] = 8  # up and left, it comes to the corner
    assert averaged(lambda images: images[:, :, 0, 0], spot, "mirror and shift").item() == pytest.approx(8 / 8)


@pytest.mark.parametrize("copies", ["mirror", "mirror and shift"])
def test_evaluation_and_prediction_say_what_training_said(own_folders: Path, copies: str) -> None:
    folder, ending = trained(own_folders, f"training.test_time_augmentation={copies}")
    assert isinstance(ending, Finished), ending
    evaluated = evaluate_run(folder)["metrics"]
    assert evaluated["test_accuracy"] == pytest.approx(ending.metrics["test_accuracy"])
    assert evaluated["test_loss"] == pytest.approx(ending.metrics["test_loss"], rel=1e-5)
    predictor, test = Predictor.of_run(folder), open_data(FEW_DIGITS).test
    said = predictor.predict([Item(str(row), image) for row, image in enumerate(test.rows())])
    right = np.mean([guess.answer["label"] == str(label) for guess, label in zip(said, test.targets, strict=True)])
    assert right == pytest.approx(ending.metrics["test_accuracy"])


def test_what_has_no_classes_refuses_it(own_folders: Path) -> None:
    with pytest.raises(UserError, match="classes of pictures"):
        make_run(
            own_folders,
            "training.test_time_augmentation=mirror",
            data={**FEW_DIGITS, "task": "reconstruction"},
            architecture={"kind": "autoencoder"},
        )
