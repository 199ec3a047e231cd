"""Recurrent layers in a form whose gradient torch can compute for each sample alone (torch.func.vmap)."""

from typing import Any

import torch
from torch import Tensor, nn

from workbench.networks.two_ways import in_order, turned_places

_core: Any = torch._C  # which does not declare what it holds
_functorch = _core._functorch


def is_of_single_samples(values: Tensor) -> bool:
    """Return whether these values are those of samples that torch.func computes one beside the other."""
    return _functorch.is_functorch_wrapped_tensor(values)


def states(recurrent: nn.RNNBase, steps: Tensor, lengths: Tensor | None) -> Tensor:
    """Return what a RNN, GRU or LSTM of PyTorch remembers after each step: (batch, T, n) -> (batch, T, hidden).

    lengths (batch,): how many steps are there, where that may differ; backwards, padding is read last.
    """
    if lengths is None:
        lengths = steps.new_full((len(steps),), steps.shape[1], dtype=torch.int64)
    turned, dropout = turned_places(steps, lengths), recurrent.dropout if recurrent.training else 0.0
    for layer in range(recurrent.num_layers):
        if layer:
            steps = torch.dropout(steps, dropout, train=bool(dropout))
        ahead = _one_layer(recurrent, layer, "", steps)
        if recurrent.bidirectional:
            back = in_order(_one_layer(recurrent, layer, "_reverse", in_order(steps, turned)), turned)
            ahead = torch.cat((ahead, back), dim=2)
        steps = ahead
    return steps


def _one_layer(recurrent: nn.RNNBase, layer: int, suffix: str, steps: Tensor) -> Tensor:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = [getattr(recurrent, f"{name}_l{layer}{suffix}") for name in names]
    state = steps.new_zeros((1, steps.shape[0], recurrent.hidden_size))  # of these samples, as torch.func needs it
    rest = (weights, True, 1, 0.0, recurrent.training, False, True)
    if isinstance(recurrent, nn.LSTM):
        return torch.lstm(steps, (state, state), *rest)[0]
    if isinstance(recurrent, nn.GRU):
        return torch.gru(steps, state, *rest)[0]
    bent = torch.rnn_tanh if getattr(recurrent, "nonlinearity", "tanh") == "tanh" else torch.rnn_relu
    return bent(steps, state, *rest)[0]
