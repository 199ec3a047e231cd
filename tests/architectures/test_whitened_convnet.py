"""The whitened network: prepared with the training images, kept with the model, and as small as pictures allow."""

from pathlib import Path

import pytest
import torch

from tests.training.runs import FEW_DIGITS, trained
from workbench.architectures.whitened_convnet import WhitenedConvNet, WhitenedConvNetSettings
from workbench.core.errors import UserError
from workbench.core.events import Finished
from workbench.core.signature import Inputs
from workbench.data import open_data
from workbench.inference.predictor import Predictor

TINY = {"kind": "whitened_convnet", "widths": [8, 16], "depth": 1}


def test_a_run_begins_with_filters_of_its_training_images_and_keeps_them(own_folders: Path) -> None:
    folder, ending = trained(own_folders, "training.optimizer.kind=muon", architecture=TINY)
    assert isinstance(ending, Finished), ending
    predictor = Predictor.of_run(folder)
    split = open_data(FEW_DIGITS).training
    fresh = WhitenedConvNet(WhitenedConvNetSettings.model_validate(TINY), predictor.model.inputs, 10)
    before = fresh.whitening.weight.clone()
    fresh.prepare(predictor.ready(split.rows()))
    kept = predictor.model.network.get_buffer("whitening.weight")
    assert torch.equal(kept, fresh.whitening.weight)
    assert not torch.equal(kept, before)


def test_it_halves_only_what_can_be_halved() -> None:
    settings = WhitenedConvNetSettings(widths=(4, 4, 4, 4), depth=1)
    network = WhitenedConvNet(settings, Inputs("image", (1, 8, 8)), 3)
    assert network(torch.randn(2, 1, 8, 8)).shape == (2, 3)
    assert network.stages(network.whitening(torch.randn(2, 1, 8, 8))).shape == (2, 4, 1, 1)


def test_convolutions_begin_as_identities() -> None:
    network = WhitenedConvNet(WhitenedConvNetSettings(widths=(24,), depth=1), Inputs("image", (3, 8, 8)), 3)
    images = torch.randn(2, 24, 7, 7)
    assert torch.equal(network.stages[0][0](images), images)  # pyright: ignore[reportIndexIssue]


def test_a_picture_smaller_than_a_patch_is_refused() -> None:
    with pytest.raises(UserError, match="no squares of 4"):
        WhitenedConvNet(WhitenedConvNetSettings(patch=4), Inputs("image", (1, 3, 8)), 2)
