"""The autoencoder: any size goes in and comes back, through as many numbers as were asked for."""

from itertools import pairwise
from math import prod
from typing import Any

import pytest
import torch

from workbench.architectures import architectures
from workbench.architectures.autoencoder import Autoencoder, AutoencoderSettings
from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.core.signature import Inputs

PICTURE = Inputs("image", (1, 8, 8))


def built(inputs: Inputs = PICTURE, **values: Any) -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(AutoencoderSettings(**values), inputs, prod(inputs.shape))


@pytest.mark.parametrize("form", ["dense", "convolutional"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28), (3, 7, 13), (1, 1, 1), (2, 5, 1)])
def test_images_of_any_size_come_back_in_that_size(form: str, shape: tuple[int, int, int]) -> None:
    network = built(Inputs("image", shape), form=form, channels=(4, 8, 8), hidden=(6,), latent=3)
    images = torch.randn(2, *shape)
    assert network(images).shape == images.shape
    assert network.encode(images).shape == (2, 3)
    assert network.decode(torch.randn(5, 3)).shape == (5, *shape)


@pytest.mark.parametrize("inputs", [Inputs("table", (13,)), Inputs("series", (20, 3))])
def test_tables_and_series_come_back(inputs: Inputs) -> None:
    network = built(inputs)
    rows = torch.randn(4, *inputs.shape)
    assert network(rows).shape == rows.shape
    with pytest.raises(UserError, match="Only images can go through convolutions"):
        built(inputs, form="convolutional")


def test_without_a_distribution_the_output_is_the_decoded_middle() -> None:
    network, images = built().eval(), torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(network(images), network.decode(network.encode(images)))


def test_a_variational_one_draws_in_training_alone() -> None:
    network, images = built(variational=True, latent=3), torch.randn(4, 1, 8, 8)
    outputs = network(images)
    assert outputs.shape == (4, 64 + 6)
    assert not torch.equal(outputs, network(images))
    network.eval()
    outputs = network(images)
    assert torch.equal(outputs, network(images))
    torch.testing.assert_close(outputs[:, 64:67], network.encode(images))
    torch.testing.assert_close(outputs[:, :64], network.decode(network.encode(images)).flatten(1))


def test_the_deep_one_of_the_paper_has_its_size() -> None:
    network = built(Inputs("image", (1, 28, 28)), **architectures["autoencoder"].presets["Deep, 784-1000-500-250-30"])
    widths = [784, 1000, 500, 250, 30, 250, 500, 1000, 784]
    expected = sum(a * b + b for a, b in pairwise(widths))
    assert sum(parameter.numel() for parameter in network.parameters()) == expected == 2_837_314


def test_noise_that_erases_everything_is_refused() -> None:
    with pytest.raises(UserError, match=r"Noise of 1\.0 erases every value"):
        build_settings(architectures, {"noise": 1.0, "noise_form": "erased"}, "autoencoder", "architecture")
