"""The encoder of a vision transformer, with its parameters named as in torchvision."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, linear, scaled_dot_product_attention

from workbench.networks.layers import activation

_EPSILON = 1e-6  # of the layer norms, as published


class PackedAttention(nn.Module):
    """Self-attention with several heads, all of whose inputs one matrix makes: (batch, T, width) -> the same shape.

    Vaswani et al. 2017, section 3.2; the matrices start uniform after Glorot and Bengio (2010), biases at 0.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, values: Tensor) -> Tensor:
        packed = linear(values, self.in_proj_weight, self.in_proj_bias)
        query, key, value = packed.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        dropout = self.dropout if self.training else 0.0
        mixed = scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


class PatchLayer(nn.Module):
    """Attention, then two linear layers, each normalized first and around a shortcut: (batch, T, width) -> the same."""

    def __init__(self, width: int, heads: int, inner: int, bend: str, dropout: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=_EPSILON)
        self.self_attention = PackedAttention(width, heads, dropout)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = nn.LayerNorm(width, eps=_EPSILON)
        self.mlp = nn.Sequential(
            *(nn.Linear(width, inner), activation(bend), nn.Dropout(dropout)),
            *(nn.Linear(inner, width), nn.Dropout(dropout)),
        )
        for layer in self.mlp:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)  # biases are published with noise of 1e-6, which is nothing
                nn.init.zeros_(layer.bias)

    def forward(self, values: Tensor) -> Tensor:
        values = values + self.dropout(self.self_attention(self.ln_1(values)))
        return values + self.mlp(self.ln_2(values))


class PatchEncoder(nn.Module):
    """Adds what is learned for each position, then layer after layer: (batch, T, width) -> the same shape."""

    def __init__(self, length: int, width: int, layers: int, heads: int, inner: int, bend: str, dropout: float) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, length, width))
        if not self.pos_embedding.is_meta:
            nn.init.normal_(self.pos_embedding, std=0.02)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential()
        for number in range(layers):
            self.layers.add_module(f"encoder_layer_{number}", PatchLayer(width, heads, inner, bend, dropout))
        self.ln = nn.LayerNorm(width, eps=_EPSILON)

    def forward(self, values: Tensor) -> Tensor:
        return self.ln(self.layers(self.dropout(values + self.pos_embedding)))


def stretched(positions: Tensor, rows: int, columns: int) -> Tensor:
    """Return position embeddings of a square grid for another grid (Dosovitskiy et al. 2021, section 3.2).

    (1, 1 + side², width) -> (1, 1 + rows · columns, width), bicubic; the first belongs to the class token and stays.
    """
    side = round((positions.shape[1] - 1) ** 0.5)
    token, grid = positions[:, :1], positions[:, 1:]
    grid = grid.transpose(1, 2).unflatten(2, (side, side)).float()
    grid = interpolate(grid, size=(rows, columns), mode="bicubic", align_corners=True)
    return torch.cat((token, grid.flatten(2).transpose(1, 2).to(token.dtype)), dim=1)
