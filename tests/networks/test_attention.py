"""Attention: the same sums as PyTorch's own layers, and padding that changes nothing."""

import math

import pytest
import torch
from torch import nn

from workbench.networks.attention import EncoderLayer, MultiHeadAttention, mean_of, seen, sinusoids

WIDTH, HEADS = 12, 3


def copied(layer: EncoderLayer, norm_first: bool) -> nn.TransformerEncoderLayer:
    """Return PyTorch's layer with the weights of ours."""
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, 20, 0.0, "gelu", batch_first=True, norm_first=norm_first)
    attention = layer.attention
    weights = [part.weight for part in (attention.query, attention.key, attention.value)]
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(torch.cat(weights))
        theirs.self_attn.in_proj_bias.copy_(torch.cat((attention.query.bias, torch.zeros(WIDTH), attention.value.bias)))
        pairs = [
            (theirs.self_attn.out_proj, attention.output),
            (theirs.linear1, layer.inner),
            (theirs.linear2, layer.outer),
            (theirs.norm1, layer.attention_norm),
            (theirs.norm2, layer.outer_norm),
        ]
        for copy, ours in pairs:
            copy.load_state_dict(ours.state_dict())
    return theirs


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_a_layer_computes_what_pytorchs_does(norm: str) -> None:
    torch.manual_seed(0)
    layer = EncoderLayer(WIDTH, HEADS, 20, bend="gelu", dropout=0.0, norm=norm)  # type: ignore[arg-type]
    theirs = copied(layer, norm == "pre")
    values = torch.randn(4, 7, WIDTH)
    real = torch.arange(7)[None, :] < torch.tensor([7, 5, 1, 3])[:, None]
    ours, expected = layer(values, real), theirs(values, src_key_padding_mask=~real)
    assert (ours - expected)[real].abs().max() < 1e-5


def test_padding_changes_nothing_and_an_empty_sample_is_a_number() -> None:
    torch.manual_seed(0)
    attention = MultiHeadAttention(WIDTH, HEADS)
    values = torch.randn(2, 5, WIDTH)
    real = torch.tensor([[True, True, True, False, False], [False] * 5])
    mixed = attention(values, seen(real))
    assert (mixed[:1, :3] - attention(values[:1, :3])).abs().max() < 1e-6
    assert mixed.isfinite().all()
    changed = values.clone()
    changed[0, 3:] = 1000.0
    assert torch.equal(attention(changed, seen(real))[0, :3], mixed[0, :3])


def test_the_mean_is_over_real_places() -> None:
    values = torch.tensor([[[1.0], [3.0], [100.0]], [[7.0], [8.0], [9.0]]])
    real = torch.tensor([[True, True, False], [False, False, False]])
    assert mean_of(values, real).tolist() == [[2.0], [0.0]]


@pytest.mark.parametrize("width", [6, 7])
def test_waves_are_those_of_the_paper(width: int) -> None:
    waves = sinusoids(10, width)
    assert waves.shape == (10, width)
    for column in range(width):
        rate = 10_000 ** (-(column // 2 * 2) / width)
        wave = math.cos if column % 2 else math.sin
        assert waves[9, column].item() == pytest.approx(wave(9 * rate), abs=1e-6)


def test_a_width_that_heads_cannot_share_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be shared"):
        MultiHeadAttention(10, 3)
