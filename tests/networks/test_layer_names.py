"""What layers are called."""

import pytest
from torch import nn

from workbench.networks import layer_names


class OwnLayer(nn.Linear):
    """A layer that someone wrote on top of a known one."""


class Mystery(nn.Module):
    """A layer that nobody knows."""


@pytest.mark.parametrize(
    ("layer", "output", "kind", "name", "label"),
    [
        (nn.Conv2d(1, 32, 3), (32, 26, 26), "conv", "Conv 3×3, 32", "conv 3×3"),
        (nn.Conv1d(1, 8, 5), (8, 6), "conv", "Conv 5, 8", "conv 5"),
        (nn.MaxPool2d(2), (1, 4, 4), "pool", "Max pool 2×2", "max pool"),
        (nn.AvgPool2d((2, 3)), (1, 4, 4), "pool", "Average pool 2×3", "average pool"),
        (nn.MaxPool1d(4), (1, 4), "pool", "Max pool 4", "max pool"),
        (nn.AdaptiveAvgPool2d(1), (8, 1, 1), "pool", "Average pool to 1×1", "average pool"),
        (nn.Linear(3, 128), (128,), "linear", "Linear 128", "linear"),
        (OwnLayer(3, 4), (4,), "linear", "Linear 4", "linear"),
        (nn.Embedding(9, 16), (5, 16), "embedding", "Embedding 16", "embedding"),
        (nn.Dropout(0.5), (4,), "dropout", "Dropout 0.5", "dropout"),
        (nn.LayerNorm(4), (4,), "normalization", "Layer norm", "layer norm"),
        (nn.ReLU(), (4,), "activation", "ReLU", "ReLU"),
        (Mystery(), (4,), "other", "Mystery", "Mystery"),
    ],
)
def test_names(layer: nn.Module, output: tuple[int, ...], kind: str, name: str, label: str) -> None:
    assert layer_names.kind(layer) == kind
    assert str(layer_names.name(layer, output)) == name
    assert str(layer_names.label(layer, output)) == label
