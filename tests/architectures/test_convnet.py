"""The convolutional network: the sizes that are known, and what cannot work."""

from typing import Any

import pytest
import torch
from torch import nn

from workbench.architectures import architectures
from workbench.architectures.convnet import ConvNet, ConvNetSettings
from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.core.signature import Inputs

PRESETS = architectures["convnet"].presets


def parameters(inputs: tuple[int, int, int], outputs: int = 10, **values: Any) -> int:
    network = ConvNet(ConvNetSettings(**values), Inputs("image", inputs), outputs)
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_known_networks_have_their_known_sizes() -> None:
    assert parameters((1, 28, 28)) == 421_642
    assert parameters((1, 28, 28), **PRESETS["DCNN 28×28"]) == 421_642
    assert parameters((3, 24, 24), **PRESETS["CNN colour"]) == 315_722
    assert parameters((1, 28, 28), **PRESETS["CNN unpadded"]) == 93_322


def test_the_defaults_are_the_first_preset() -> None:
    assert ConvNetSettings(**PRESETS["DCNN 28×28"]) == ConvNetSettings()


@pytest.mark.parametrize("normalization", ["none", "batch", "instance"])
@pytest.mark.parametrize("pooling", ["max", "average", "none"])
@pytest.mark.parametrize(("padding", "kernel"), [("same", 5), ("none", 2)])
def test_every_choice_is_in_the_network(normalization: str, pooling: str, padding: str, kernel: int) -> None:
    settings = ConvNetSettings.model_validate(
        {"normalization": normalization, "pooling": pooling, "padding": padding, "kernel": kernel, "widths": [4, 5]}
    )
    network = ConvNet(settings, Inputs("image", (1, 12, 10)), 3)
    layers = [type(layer) for layer in network.modules()]
    assert layers.count(nn.BatchNorm2d) == (2 if normalization == "batch" else 0)
    assert layers.count(nn.InstanceNorm2d) == (2 if normalization == "instance" else 0)
    assert layers.count(nn.MaxPool2d) == (2 if pooling == "max" else 0)
    assert layers.count(nn.AvgPool2d) == (2 if pooling == "average" else 0)
    assert network(torch.randn(2, 1, 12, 10)).shape == (2, 3)


def test_no_hidden_layers_is_a_choice() -> None:
    assert parameters((1, 8, 8), widths=(2,), hidden=()) == 2 * 9 + 2 + 2 * 4 * 4 * 10 + 10


@pytest.mark.parametrize(
    ("values", "size", "message"),
    [
        (
            {"widths": (8, 8), "kernel": 5, "padding": "none"},
            8,
            "The 5×5 kernel of block 2 is larger than the 2×2 pixels that reach it.",
        ),
        ({"widths": (8,) * 4}, 8, "Block 4 has 1×1 pixels left, too few to pool."),
        (
            {"widths": (8,), "kernel": 8, "padding": "none", "pooling": "none", "normalization": "instance"},
            8,
            "Block 1 has one pixel left, which instance normalization would turn to nothing.",
        ),
    ],
)
def test_pictures_that_are_too_small_are_refused(values: dict[str, Any], size: int, message: str) -> None:
    with pytest.raises(UserError) as caught:
        ConvNet(ConvNetSettings(**values), Inputs("image", (1, size, size)), 10)
    assert str(caught.value) == message
    assert str(caught.value.hint)


def test_an_even_kernel_cannot_keep_the_size() -> None:
    with pytest.raises(UserError, match="A kernel of 4 has no middle"):
        build_settings(architectures, {"kernel": 4}, "convnet", "architecture")
    assert ConvNetSettings(kernel=4, padding="none").kernel == 4


def test_a_batch_norm_makes_the_bias_unnecessary() -> None:
    network = ConvNet(ConvNetSettings(normalization="batch"), Inputs("image", (1, 8, 8)), 3)
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert all(layer.bias is None for layer in convolutions)
