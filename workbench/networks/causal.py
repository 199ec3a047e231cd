"""A decoder-only transformer (Radford et al. 2019): every token sees itself and what came before it."""

import math
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.functional import rms_norm, scaled_dot_product_attention

from workbench.networks.layers import activation
from workbench.networks.ngrams import NGramEmbedding
from workbench.networks.rotary import turned, turns
from workbench.networks.variant import Variant

_DEVIATION = 0.02  # of fresh weights, as GPT-2 has it
_GPT2 = Variant()


class Memory:
    """Keys and values of the tokens that a decoder has read: what it need not compute again for the next one.

    keys, values: (layers, batch, heads, context, width of a head), 0 where nothing was read. length: tokens that are in
    it. recent: the last ids, (batch, n), -1 before the text began. place: the length on the device, (1,), where a token
    is read without anything that depends on it from outside of the device, or None.
    """

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        self.keys = keys
        self.values = values
        self.length = 0
        self.recent: Tensor | None = None
        self.place: Tensor | None = None

    def restart(self) -> None:
        """Forget what was read; the memory stays where it is."""
        self.length, self.place = 0, None
        if self.recent is not None:
            self.recent.fill_(-1)

    def seen(self) -> Tensor | None:
        """Return which places a token at `place` sees, (1, 1, 1, context), or None without one."""
        if self.place is None:
            return None
        return (torch.arange(self.keys.shape[3], device=self.keys.device) <= self.place)[None, None, None]

    def extended(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Keep a layer's new keys and values, (batch, heads, T, d) each, and return all of that layer."""
        if self.place is not None:
            for kept, new in ((self.keys, keys), (self.values, values)):
                kept[layer].index_copy_(2, self.place, new)
            return self.keys[layer], self.values[layer]
        begin, end = self.length, self.length + keys.shape[2]
        self.keys[layer, :, :, begin:end] = keys
        self.values[layer, :, :, begin:end] = values
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


@runtime_checkable
class Continues(Protocol):
    """A network that can go on from where it stopped reading. context: tokens it can see at once."""

    context: int

    def continued(self, tokens: Tensor, memory: Any = None) -> tuple[Tensor, Any]:
        """Return the logits after the last of `tokens` and what to hand in with the tokens that follow.

        tokens (batch, T) -> logits (batch, vocabulary). memory: from the call before, or None at the beginning. The
        tokens of all calls together must not be more than `context`.
        """
        ...


class CausalAttention(nn.Module):
    """Multi-head self-attention to what came before (Vaswani et al. 2017): (batch, T, width) -> the same shape."""

    def __init__(self, width: int, heads: int, dropout: float, bias: bool, qk_norm: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.share = dropout
        self.qk_norm = qk_norm
        self.query_key_value = nn.Linear(width, 3 * width, bias=bias)  # one large product is faster than three
        self.output = nn.Linear(width, width, bias=bias)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, states: Tensor, layer: int = 0, memory: Memory | None = None, by: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """By: how queries and keys are turned, from `rotary.turns`."""
        batch, length, width = states.shape
        parts = self.query_key_value(states).view(batch, length, 3 * self.heads, width // self.heads)
        placed, values = parts.split((2 * self.heads, self.heads), dim=2)
        if self.qk_norm:
            placed = rms_norm(placed, placed.shape[3:])
        if by is not None:
            placed = turned(placed, by)
        queries, keys, values = (part.transpose(1, 2) for part in (*placed.chunk(2, dim=2), values))
        mask = None
        if memory is not None:
            keys, values = memory.extended(layer, keys, values)
            mask = memory.seen()
            if 1 < length < keys.shape[2]:  # several new tokens: each sees all old ones, and the new ones before it
                mask = torch.ones(length, keys.shape[2], dtype=torch.bool, device=states.device)
                mask = mask.tril(keys.shape[2] - length)
        share = self.share if self.training else 0.0
        causal = mask is None and bool(length > 1)  # in a graph the length is no number yet
        seen = scaled_dot_product_attention(queries, keys, values, attn_mask=mask, dropout_p=share, is_causal=causal)
        return self.dropout(self.output(seen.transpose(1, 2).reshape(batch, length, width)))


class Block(nn.Module):
    """Attention, then two linear layers, each normalized first and added to what came in: (batch, T, width)."""

    def __init__(self, width: int, heads: int, dropout: float, bias: bool, variant: Variant) -> None:
        super().__init__()
        self.attention_norm = _norm(variant, width, bias)
        self.attention = CausalAttention(width, heads, dropout, bias, variant.qk_norm)
        self.feed_forward_norm = _norm(variant, width, bias)
        bent = nn.GELU(approximate="tanh") if variant.activation == "gelu" else activation(variant.activation)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width, bias=bias),
            bent,
            nn.Linear(4 * width, width, bias=bias),
            nn.Dropout(dropout),
        )

    def forward(
        self, states: Tensor, layer: int = 0, memory: Memory | None = None, by: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        states = states + self.attention(self.attention_norm(states), layer, memory, by)
        return states + self.feed_forward(self.feed_forward_norm(states))


def _norm(variant: Variant, width: int, bias: bool) -> nn.Module:
    return nn.RMSNorm(width) if variant.normalization == "rms" else nn.LayerNorm(width, bias=bias)


class Decoder(nn.Module):
    """GPT-2: embedded tokens and positions through blocks to logits, (batch, T) ids -> (batch, T, outputs).

    The head shares its weights with the embedding of the tokens where there are as many outputs as tokens (Press and
    Wolf 2017). Weights start normal with deviation 0.02, those that write into the residual stream smaller by the root
    of their number (Radford et al. 2019, section 2.3); biases start at 0. variant: what is otherwise than there.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        outputs: int,
        context: int,
        layers: int,
        heads: int,
        width: int,
        dropout: float = 0.0,
        bias: bool = True,
        variant: Variant = _GPT2,
    ) -> None:
        super().__init__()
        self.context, self.variant = context, variant
        self.width_of_head = width // heads
        self.token_embedding = nn.Embedding(vocabulary, width)
        learned, together = variant.positions == "learned", variant.ngrams > 1
        self.position_embedding = nn.Embedding(context, width) if learned else None
        self.ngram_embedding = NGramEmbedding(variant.ngrams, variant.ngram_rows, width) if together else None
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout, bias, variant) for _ in range(layers))
        self.norm = _norm(variant, width, bias)
        self.output = nn.Linear(width, outputs, bias=False)
        tied = variant.tied and outputs == vocabulary
        if tied:
            self.output.weight = self.token_embedding.weight
        self._initialise(layers, variant.zero_start)
        if variant.zero_start and not tied:
            nn.init.zeros_(self.output.weight)

    def _initialise(self, layers: int, zero_start: bool) -> None:
        for name, parameter in self.named_parameters():
            writes = name.endswith(("attention.output.weight", "feed_forward.2.weight"))
            if (writes and zero_start) or name.startswith("ngram_embedding."):
                nn.init.zeros_(parameter)
            elif writes:
                nn.init.normal_(parameter, std=_DEVIATION / math.sqrt(2 * layers))
            elif parameter.dim() > 1:
                nn.init.normal_(parameter, std=_DEVIATION)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.output(self.states(tokens))

    def states(self, tokens: Tensor, memory: Memory | None = None) -> Tensor:
        """Return what the head reads: (batch, T) ids -> (batch, T, width); `memory` is read and extended."""
        begin = memory.length if memory else 0
        if memory is not None and memory.place is not None:
            positions = memory.place
        else:
            positions = torch.arange(begin, begin + tokens.shape[1], device=tokens.device)
        states, by = self.token_embedding(tokens), None
        if self.position_embedding is not None:
            states = states + self.position_embedding(positions)
        else:
            cosines, sines = turns(positions, self.width_of_head)
            by = cosines[:, None], sines[:, None]  # the same for every head
        if self.ngram_embedding is not None:
            states = states + self.ngram_embedding(tokens, self._recent(tokens, memory))
        states = self.dropout(states)
        for layer, block in enumerate(self.blocks):
            states = block(states, layer, memory, by)
        if memory is not None:
            memory.length += tokens.shape[1]
        return self.norm(states)

    def _recent(self, tokens: Tensor, memory: Memory | None) -> Tensor | None:
        """Return the ids before these tokens, as the n-grams need them, and keep the last ones for what follows."""
        if memory is None or self.ngram_embedding is None:
            return None
        count = self.ngram_embedding.longest - 1
        if memory.recent is None:
            memory.recent = tokens.new_full((len(tokens), count), -1)
        before = memory.recent.clone()
        memory.recent.copy_(torch.cat((before, tokens), dim=1)[:, -count:])
        return before

    def continued(self, tokens: Tensor, memory: Memory | None = None) -> tuple[Tensor, Memory]:
        """Return the logits after the last of `tokens`, and the keys and values with which the next ones go on.

        tokens (batch, T) -> logits (batch, outputs). The tokens of all calls together must not be more than `context`.
        """
        memory = memory or self._empty(len(tokens))
        return self.output(self.states(tokens, memory)[:, -1]), memory

    def _empty(self, batch: int) -> Memory:
        weight = self.token_embedding.weight
        first: Any = self.blocks[0] if len(self.blocks) else None
        heads: int = first.attention.heads if first is not None else 1
        shape = (len(self.blocks), batch, heads, self.context, weight.shape[1] // heads)
        return Memory(weight.new_zeros(shape), weight.new_zeros(shape))


_GPT2_NAMES = {
    "ln_1": "attention_norm",
    "attn.c_attn": "attention.query_key_value",
    "attn.c_proj": "attention.output",
    "ln_2": "feed_forward_norm",
    "mlp.c_fc": "feed_forward.0",
    "mlp.c_proj": "feed_forward.2",
}
_GPT2_ENDS = {
    "wte": "token_embedding",
    "wpe": "position_embedding",
    "ln_f": "norm",
    "lm_head": "output",
}


def to_gpt2(decoder: "Decoder") -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """Return settings of transformers' GPT2Config and the weights of its GPT2LMHeadModel; None for other variants."""
    own = decoder.variant
    plain = Variant(zero_start=own.zero_start)  # how it began does not show
    state = decoder.state_dict()
    if own != plain or decoder.position_embedding is None or "norm.bias" not in state:
        return None
    first: Any = decoder.blocks[0] if len(decoder.blocks) else None
    if first is None:
        return None
    vocabulary, width = decoder.token_embedding.weight.shape
    if decoder.output.weight.shape[0] != vocabulary:
        return None
    sizes = {
        "vocab_size": vocabulary,
        "n_positions": decoder.context,
        "n_embd": width,
        "n_layer": len(decoder.blocks),
        "n_head": first.attention.heads,
    }
    inner = {ours: theirs for theirs, ours in _GPT2_NAMES.items()}
    outer = {ours: theirs for theirs, ours in _GPT2_ENDS.items()}
    found: dict[str, Tensor] = {}
    for name, tensor in state.items():
        above, _, last = name.rpartition(".")
        if above in outer:
            found[f"{'' if above == 'output' else 'transformer.'}{outer[above]}.{last}"] = tensor
            continue
        _, layer, within = above.split(".", 2)
        turned = tensor.t() if last == "weight" and tensor.dim() == 2 else tensor
        found[f"transformer.h.{layer}.{inner[within]}.{last}"] = turned.contiguous()
    return sizes, found


def from_gpt2(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights of transformers' GPT2LMHeadModel or GPT2Model under the names and shapes of `Decoder`.

    GPT-2's linear layers hold their weights as (inputs, outputs): they are transposed. Buffers, such as masks that
    older files hold, are left out; what is not known keeps its name.
    """
    found: dict[str, Tensor] = {}
    for full_name, tensor in weights.items():
        name = full_name.removeprefix("transformer.")
        layer, _, rest = name.removeprefix("h.").partition(".")
        if name.endswith((".attn.bias", ".attn.masked_bias")):
            continue
        inner, _, last = rest.rpartition(".")
        if name.startswith("h.") and inner in _GPT2_NAMES:
            turned = tensor.t() if last == "weight" and tensor.dim() == 2 else tensor
            found[f"blocks.{layer}.{_GPT2_NAMES[inner]}.{last}"] = turned.contiguous()
        else:
            outer, _, last = name.rpartition(".")
            found[f"{_GPT2_ENDS[outer]}.{last}" if outer in _GPT2_ENDS else full_name] = tensor
    if "token_embedding.weight" in found:
        found.setdefault("output.weight", found["token_embedding.weight"])  # tied, and so often stored once
    return found
