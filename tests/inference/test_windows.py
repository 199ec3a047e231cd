"""Windows of a series: what is fed is what the split says."""

from typing import Any

import numpy as np
import torch

from workbench.data.dataset import Split, Window
from workbench.inference.windows import WindowFeed


class Plain:
    def tensor(self, batch: torch.Tensor) -> torch.Tensor:
        return batch


def fed() -> WindowFeed:
    series = np.stack([np.arange(20), -np.arange(20)], axis=1).astype(np.float32)
    index = np.array([0, 3, 5, 11])
    split = Split(series, index, np.zeros((4, 0), np.float32), [""] * 4, Window(4, 2, (1,)))
    preprocessing: Any = Plain()
    return WindowFeed(split, preprocessing, torch.device("cpu"))


def test_windows_and_what_follows_are_those_of_the_split() -> None:
    feed = fed()
    inputs, targets = (torch.cat(parts) for parts in zip(*feed.batches(feed.in_order(), 3), strict=True))
    assert inputs.numpy().tolist() == feed.split.rows().tolist()
    assert targets[:, 1:].numpy().tolist() == feed.split.ahead()[:, :, 0].tolist()
    assert targets[:, 0].tolist() == inputs[:, -1, 1].tolist(), "the last known value comes first"
    assert inputs[1, :, 0].tolist() == [3, 4, 5, 6]
    assert targets[1].tolist() == [-6, -7, -8]


def test_an_order_picks_windows_and_can_begin_later() -> None:
    feed = fed()
    order = torch.tensor([3, 1, 0, 2])
    batches = list(feed.batches(order, 2))
    assert batches[0][0][:, 0, 0].tolist() == [11, 3]
    assert torch.equal(next(iter(feed.batches(order, 2, start=1)))[0], batches[1][0])
    assert sorted(feed.order(0, 0).tolist()) == [0, 1, 2, 3]
