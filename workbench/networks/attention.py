"""Attention that sees in both directions: what an encoder is made of, with padding left out of every sum."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from workbench.networks.layers import activation


class MultiHeadAttention(nn.Module):
    """Self-attention with several heads (Vaswani et al. 2017, section 3.2): (batch, T, width) -> (batch, T, width).

    The projection to keys has no bias, since softmax cancels it.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"a width of {width} cannot be shared out among {heads} heads")
        self.heads = heads
        self.dropout = dropout
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, values: Tensor, real: Tensor | None = None) -> Tensor:
        """Real (batch, T) bool: which places hold something and may be looked at; None means all of them.

        At least one place of every sample must be real, see `seen`.
        """
        query, key, value = (self._apart(part(values)) for part in (self.query, self.key, self.value))
        mask = None if real is None else real[:, None, None, :]
        dropout = self.dropout if self.training else 0.0
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
        return self.output(mixed.transpose(1, 2).flatten(2))

    def _apart(self, values: Tensor) -> Tensor:
        """Return the heads side by side: (batch, T, width) -> (batch, heads, T, width / heads)."""
        return values.unflatten(2, (self.heads, -1)).transpose(1, 2)


class EncoderLayer(nn.Module):
    """Attention and two linear layers, each around a shortcut: (batch, T, width) -> (batch, T, width).

    norm: "pre" normalizes what goes into each part (Xiong et al. 2020), "post" what comes out of its sum with the
    shortcut (Vaswani et al. 2017).
    """

    def __init__(
        self, width: int, heads: int, inner: int, *, bend: str, dropout: float, norm: Literal["pre", "post"]
    ) -> None:
        super().__init__()
        self.norm_first = norm == "pre"
        self.attention = MultiHeadAttention(width, heads, dropout)
        self.attention_norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, inner)
        self.activation = activation(bend)
        self.outer = nn.Linear(inner, width)
        self.outer_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, real: Tensor | None = None) -> Tensor:
        """Real (batch, T) bool: which places may be looked at."""
        if self.norm_first:
            values = values + self.dropout(self.attention(self.attention_norm(values), real))
            return values + self._bent(self.outer_norm(values))
        values = self.attention_norm(values + self.dropout(self.attention(values, real)))
        return self.outer_norm(values + self._bent(values))

    def _bent(self, values: Tensor) -> Tensor:
        return self.dropout(self.outer(self.dropout(self.activation(self.inner(values)))))


def seen(real: Tensor) -> Tensor:
    """Return which places may be looked at: those that are `real` (batch, T), and the first of a sample without any.

    Softmax over nothing is not a number; an empty text looks at its first padding instead.
    """
    empty = ~real.any(dim=1, keepdim=True)
    first = torch.arange(real.shape[1], device=real.device)[None, :] == 0
    return real | (empty & first)


def mean_of(values: Tensor, real: Tensor) -> Tensor:
    """Return the mean over the real places: (batch, T, width), (batch, T) bool -> (batch, width); no place gives 0."""
    weights = real[:, :, None].to(values.dtype)
    return (values * weights).sum(1) / weights.sum(1).clamp(min=1)


def sinusoids(length: int, width: int) -> Tensor:
    """Return waves that mark positions (Vaswani et al. 2017, section 3.5): (length, width), sine and cosine in turn."""
    places = torch.arange(length, dtype=torch.float32)[:, None]
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    waves = torch.stack((torch.sin(places * rates), torch.cos(places * rates)), dim=2)
    return waves.flatten(1)[:, :width]
