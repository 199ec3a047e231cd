"""Which blocks of a network are drawn."""

import torch
from torch import Tensor, nn

from workbench.networks.drawing import drawing
from workbench.networks.outline import outline


def drawn(network: nn.Module, *shape: int) -> list[tuple[str, str, tuple[int, ...]]]:
    with torch.device("meta"):
        rows = outline(network.to("meta"), torch.empty((1, *shape)))
    return [(block.kind, str(block.label), block.shape) for block in drawing(rows)]


class Branches(nn.Module):
    """Convolutions side by side, each with layers of its own, whose channels are put together or added."""

    def __init__(self, *branches: nn.Module, add: bool = False) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.add = add

    def forward(self, x: Tensor) -> Tensor:
        found = [branch(x) for branch in self.branches]
        return torch.stack(found).sum(0) if self.add else torch.cat(found, dim=1)


def test_small_layers_are_left_out() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 3)
    )
    assert drawn(network, 1, 6, 6) == [
        ("conv", "conv 3×3", (2, 4, 4)),
        ("pool", "average pool", (2, 2, 2)),
        ("linear", "linear", (3,)),
    ]


def test_branches_that_are_alike_are_one_block() -> None:
    wide = [nn.Sequential(nn.Conv1d(4, 6, size, padding="same"), nn.ReLU(), nn.MaxPool1d(2)) for size in (3, 5)]
    assert drawn(nn.Sequential(Branches(*wide), nn.Conv1d(12, 2, 1)), 4, 10) == [
        ("conv", "conv 3, 5", (12, 10)),
        ("pool", "max pool", (12, 5)),
        ("conv", "conv 1", (2, 5)),
    ]


def test_a_shortcut_is_not_mistaken_for_a_branch() -> None:
    main = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1))
    network = nn.Sequential(Branches(main, nn.Conv2d(2, 4, 1), add=True), nn.ReLU(), nn.Conv2d(4, 4, 5, padding=2))
    assert [label for _, label, _ in drawn(network, 2, 8, 8)] == ["conv 3×3", "conv 3×3", "conv 1×1", "conv 5×5"]
