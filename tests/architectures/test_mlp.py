"""The multilayer perceptron and its special case without hidden layers."""

from typing import Any

import pytest
from torch import nn

from workbench.architectures import architectures, build
from workbench.core.signature import Inputs

DIGITS = Inputs("image", (1, 8, 8))


def layers(kind: str, **values: Any) -> list[type[nn.Module]]:
    network = build(architectures[kind].settings(**values), DIGITS, 10)
    return [type(layer) for layer in network.modules() if not list(layer.children())]


def test_hidden_layers_follow_each_other() -> None:
    assert layers("mlp", hidden=(5, 6), dropout=0.5, activation="tanh") == [
        nn.Flatten,
        *(nn.Linear, nn.Tanh, nn.Dropout),
        *(nn.Linear, nn.Tanh, nn.Dropout),
        nn.Linear,
    ]


@pytest.mark.parametrize(("name", "layer"), [("batch", nn.BatchNorm1d), ("layer", nn.LayerNorm)])
def test_a_normalization_stands_before_the_activation(name: str, layer: type[nn.Module]) -> None:
    assert layers("mlp", hidden=(5,), normalization=name) == [nn.Flatten, nn.Linear, layer, nn.ReLU, nn.Linear]


def test_softmax_is_one_layer() -> None:
    assert layers("softmax") == [nn.Flatten, nn.Linear]
