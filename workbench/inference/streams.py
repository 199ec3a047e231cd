"""Texts as one long stream of tokens, from which stretches are cut: for the next token and for masked ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.data.dataset import Split
from workbench.data.preprocessing import Preprocessing
from workbench.inference.order import WHOLE, Share, Sizes, epoch_order, mixed, portions

NOTHING = -100  # the target where nothing is to be predicted: beyond the end


def stream_of(split: Split, preprocessing: Preprocessing) -> np.ndarray:
    """Return the tokens of all texts of a split, one text after the other: (L,) int32."""
    texts: Any = preprocessing
    return texts.stream(split.texts()) if len(split) else np.zeros(0, np.int32)


@dataclass(frozen=True)
class StreamFeed:
    """Stretches of a stream of tokens, each of as many as the network reads.

    stream (L,) int32. Every token is in one stretch of an epoch; where the first one begins is drawn for each epoch.
    framed: each stretch stands between the marks that the tokenizer puts around a text. share: of every batch.
    """

    split: Split
    preprocessing: Preprocessing
    device: torch.device
    stream: np.ndarray
    framed: bool = False
    share: Share = WHOLE

    def __post_init__(self) -> None:
        if 0 < len(self.stream) < 2:
            raise UserError("The text is too short: it has only one token.", hint="Give a longer text.")
        padded = np.concatenate([self.stream, np.full(self.length + 1, NOTHING, self.stream.dtype)])
        object.__setattr__(self, "_tokens", torch.from_numpy(padded).to(self.device))

    @property
    def frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ids before and after each stretch."""
        return getattr(self.preprocessing, "frame", ((), ())) if self.framed else ((), ())

    @property
    def length(self) -> int:
        """How many tokens of the stream a stretch holds."""
        return self.preprocessing.inputs.shape[0] - sum(map(len, self.frame))

    def __len__(self) -> int:
        return -(-(len(self.stream) - (not self.framed)) // self.length) if len(self.stream) else 0

    def order(self, seed: int, epoch: int) -> Tensor:
        """Return where the stretches of an epoch begin: (N,), in random order."""
        random = np.random.Generator(np.random.PCG64(mixed(seed, epoch, 1)))
        starts = epoch_order(len(self), seed, epoch) * self.length + int(random.integers(self.length))
        return starts.clamp(max=max(len(self.stream) - 1 - self.length, 0))

    def in_order(self) -> Tensor:
        """Return where the stretches begin that hold every token once: (N,)."""
        return torch.arange(len(self)) * self.length

    def batches(
        self, order: Tensor, batch_size: Sizes, start: int = 0, *, made_ready: bool = False
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ids (n, T) int32 and the ids that follow each of them (n, T) int64, -100 beyond the end.

        made_ready: ids as `ready` makes them. framed: the targets are the ids themselves, and the network does not
        read all of them.
        """
        tokens: Tensor = self._tokens  # pyright: ignore[reportAttributeAccessIssue]
        reach = torch.arange(self.length + (not self.framed), device=self.device)
        for starts in portions(order.to(self.device), batch_size, self.share)[start:]:
            stretch = tokens[starts[:, None] + reach]
            if self.framed:
                before, after = (stretch.new_tensor(ids).expand(len(stretch), -1) for ids in self.frame)
                stretch = torch.cat([before, stretch, after], dim=1)
                inputs, targets = stretch, stretch
            else:
                inputs, targets = stretch[:, :-1], stretch[:, 1:]
            there = inputs.clamp(min=0)
            yield self.ready(there) if made_ready else there, targets.long()

    def ready(self, inputs: Tensor) -> Tensor:
        """Return ids as an embedding takes them: (n, T) int64."""
        return self.preprocessing.tensor(inputs)
