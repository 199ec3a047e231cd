"""Embeddings of the last tokens together: what follows "th" is learned in a few steps, without attention."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

_FACTOR = 1_000_003
_PRIME = 2**31 - 1  # below the root of 2**63, so that no product overflows


class NGramEmbedding(nn.Module):
    """Vectors for the last 2, 3, … `longest` tokens, to be added to that of the last one (Huang et al. 2025).

    (batch, T) ids -> (batch, T, width). Each length has a table of so many rows; which row stands for which tokens, a
    hash decides, and rare ones share a row (Svenstrup et al. 2017). All begin at 0: at first they say nothing.
    """

    def __init__(self, longest: int, rows: int, width: int) -> None:
        super().__init__()
        self.longest = longest
        self.rows = rows
        self.embeddings = nn.ModuleList(nn.Embedding(rows, width) for _ in range(longest - 1))

    def forward(self, tokens: Tensor, before: Tensor | None = None) -> Tensor:
        """Before (batch, longest - 1): the ids before `tokens`, -1 where the text had not begun; None is all -1."""
        width = self.longest - 1
        known = pad(tokens, (width, 0), value=-1) if before is None else torch.cat((before, tokens), dim=1)
        looked_up = (table(rows) for table, rows in zip(self.embeddings, self._rows(known), strict=True))
        total = next(looked_up)
        for vectors in looked_up:
            total = total + vectors
        return total

    def _rows(self, known: Tensor) -> Iterator[Tensor]:
        """Yield the rows (batch, T) for the last two tokens, for the last three, and so on."""
        width, length = self.longest - 1, known.shape[1] - self.longest + 1
        key = known[:, width:] + 1
        for back in range(1, self.longest):
            key = (key * _FACTOR + known[:, width - back : width - back + length] + 1) % _PRIME
            yield key % self.rows
