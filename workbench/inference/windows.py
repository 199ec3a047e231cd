"""Windows of one long series: what is read, and what comes after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workbench.data.dataset import Split
from workbench.data.preprocessing import Preprocessing
from workbench.inference.order import WHOLE, Share, Sizes, epoch_order, portions


@dataclass(frozen=True)
class WindowFeed:
    """One split of windows; the series lies on the device once, however much its windows overlap."""

    split: Split
    preprocessing: Preprocessing
    device: torch.device
    share: Share = WHOLE

    def __post_init__(self) -> None:
        values: Any = self.split.inputs
        object.__setattr__(self, "_series", torch.from_numpy(values[:]).to(self.device))

    def __len__(self) -> int:
        return len(self.split)

    def order(self, seed: int, epoch: int) -> Tensor:
        """Return the order (N,) of an epoch, counted from 0."""
        return epoch_order(len(self), seed, epoch)

    def in_order(self) -> Tensor:
        """Return the order (N,) in which the windows lie."""
        return torch.arange(len(self))

    def batches(
        self, order: Tensor, batch_size: Sizes, start: int = 0, *, made_ready: bool = False
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield windows (n, length, channels), and their last row and what follows: (n, (1 + horizon) × columns).

        made_ready: windows as `ready` makes them.
        """
        window = self.split.window
        assert window is not None
        series: Tensor = self._series  # pyright: ignore[reportAttributeAccessIssue]
        begins = torch.from_numpy(self.split.index)[order].to(self.device)
        read = torch.arange(window.length, device=self.device)
        told = window.length - 1 + torch.arange(1 + window.horizon, device=self.device)
        columns = torch.tensor(window.columns, device=self.device)
        for rows in portions(begins, batch_size, self.share)[start:]:
            there = series[rows[:, None] + read]
            goals = series[rows[:, None] + told][:, :, columns].flatten(1)
            yield self.ready(there) if made_ready else there, goals

    def ready(self, inputs: Tensor) -> Tensor:
        """Return windows as a network takes them: (n, length, channels) float32, standardised."""
        return self.preprocessing.tensor(inputs)
