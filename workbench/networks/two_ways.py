"""A recurrent network in both directions, made of one-way ones: no sequence is packed, so that lengths stay free."""

import torch
from torch import Tensor, nn


class TwoWays(nn.Module):
    """The layers of a bidirectional RNN, GRU or LSTM of PyTorch, with its weights and without its dropout.

    Backwards, the steps that are there are read in turned order and turned back; padding is read last, and ignored.
    (batch, T, inputs), lengths (batch,) -> (batch, T, 2 · hidden).
    """

    def __init__(self, recurrent: nn.RNNBase) -> None:
        super().__init__()
        self.forwards = nn.ModuleList(_one_way(recurrent, layer, "") for layer in range(recurrent.num_layers))
        self.backwards = nn.ModuleList(_one_way(recurrent, layer, "_reverse") for layer in range(recurrent.num_layers))

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        turned = turned_places(steps, lengths)
        for ahead, back in zip(self.forwards, self.backwards, strict=True):
            steps = torch.cat((ahead(steps)[0], in_order(back(in_order(steps, turned))[0], turned)), dim=2)
        return steps


def turned_places(steps: Tensor, lengths: Tensor) -> Tensor:
    """Return at which places the steps that are there are read backwards: (batch, T, 1)."""
    places = torch.arange(steps.shape[1], device=steps.device)
    return torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places).unsqueeze(2)


def in_order(steps: Tensor, places: Tensor) -> Tensor:
    """Return the steps (batch, T, n) from these places (batch, T, 1)."""
    return steps.gather(1, places.expand(-1, -1, steps.shape[2]))


def _one_way(recurrent: nn.RNNBase, layer: int, suffix: str) -> nn.Module:
    """Return one layer of one direction as a network of its own."""
    names = [name for name, _ in recurrent.named_parameters() if name.endswith(f"_l{layer}{suffix}")]
    inputs = getattr(recurrent, f"weight_ih_l{layer}{suffix}").shape[1]
    bend = {"nonlinearity": recurrent.nonlinearity} if isinstance(recurrent, nn.RNN) else {}
    one = type(recurrent)(inputs, recurrent.hidden_size, batch_first=True, **bend)
    weights = {name.removesuffix(f"_l{layer}{suffix}") + "_l0": getattr(recurrent, name).detach() for name in names}
    one.load_state_dict(weights)
    return one
