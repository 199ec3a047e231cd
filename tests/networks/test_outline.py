"""What a network is made of, also where it does unusual things."""

import torch
from torch import Tensor, nn

from workbench.networks.outline import Row, outline


def rows(network: nn.Module, *shape: int) -> list[Row]:
    with torch.device("meta"):
        return outline(network.to("meta"), torch.empty((1, *shape)))


def summary(network: nn.Module, *shape: int) -> list[tuple[str, tuple[int, ...], int, int]]:
    return [(str(row.name), row.output, row.parameters, row.flops) for row in rows(network, *shape)]


def test_layers_come_in_the_order_in_which_they_work() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(4, 2)
            self.first = nn.Linear(3, 4, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(torch.relu(self.first(x)))

    assert summary(Backwards(), 3) == [("Linear 4", (4,), 12, 24), ("Linear 2", (2,), 10, 16)]


def test_a_layer_used_twice_works_twice_and_has_its_parameters_once() -> None:
    layer = nn.Linear(3, 3)
    assert summary(nn.Sequential(layer, nn.ReLU(), layer), 3) == [
        ("Linear 3", (3,), 12, 18),
        ("ReLU", (3,), 0, 0),
        ("Linear 3", (3,), 0, 18),
    ]


def test_what_a_module_computes_by_itself_has_a_row() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.values = nn.Linear(4, 4, bias=False)
            self.scale = nn.Parameter(torch.ones(4))

        def forward(self, x: Tensor) -> Tensor:
            scores = torch.softmax(x @ x.transpose(1, 2), dim=-1)
            return scores @ self.values(x * self.scale)

    values, own = summary(Attention(), 5, 4)
    assert values == ("Linear 4", (5, 4), 16, 2 * 5 * 4 * 4)
    assert own == ("Attention", (5, 4), 4, 2 * 2 * 5 * 5 * 4)


def test_weights_of_a_child_that_is_not_called_belong_to_its_parent() -> None:
    network = nn.MultiheadAttention(8, 2, batch_first=True)

    class SelfAttention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = network

        def forward(self, x: Tensor) -> Tensor:
            return self.attention(x, x, x)[0]

    found = rows(SelfAttention(), 5, 8)
    assert sum(row.parameters for row in found) == sum(parameter.numel() for parameter in network.parameters())
    assert found[-1].output == (5, 8)


def test_convolutions_count_every_multiplication_and_addition() -> None:
    (row,) = rows(nn.Conv2d(3, 8, (3, 5), stride=2), 3, 9, 9)
    assert str(row.name) == "Conv 3×5, 8"
    assert row.output == (8, 4, 3)
    assert row.flops == 2 * 8 * 4 * 3 * 3 * 3 * 5


def test_layers_that_do_nothing_have_no_row() -> None:
    assert summary(nn.Sequential(nn.Identity(), nn.Flatten()), 2, 2) == [("Flatten", (4,), 0, 0)]
