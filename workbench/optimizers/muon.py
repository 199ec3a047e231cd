"""Muon: the momentum of each hidden matrix is made orthogonal before the step; AdamW for the rest."""

from collections.abc import Callable
from math import sqrt
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from workbench.optimizers import (
    LearningRate,
    Momentum,
    NamedParameters,
    OptimizerSettings,
    WeightDecay,
    groups,
    register,
)


class MuonSettings(OptimizerSettings):
    """Step size, decay and momentum; one learning rate serves the matrices and the rest."""

    kind: Literal["muon"] = "muon"
    learning_rate: LearningRate = 5e-3
    weight_decay: WeightDecay = 0.01
    momentum: Momentum = 0.95


@register("muon", settings=MuonSettings, title="Muon", summary="Balanced steps for whole layers. Often learns fastest.")
def muon(settings: MuonSettings, named_parameters: NamedParameters, *, fused: bool) -> Optimizer:
    """Return Muon (Jordan 2024) for the matrices of hidden layers, with AdamW for all other parameters.

    Filters of convolutions count as matrices of one row a filter. Embeddings, known by their name, and the output
    layer, which is the last matrix, go to AdamW with biases and normalizations.
    """
    named = list(named_parameters)
    wide = [parameter for name, parameter in named if parameter.ndim > 1 and "embed" not in name.lower()]
    hidden = {id(parameter) for parameter in wide[:-1]}
    matrices = [parameter for _, parameter in named if id(parameter) in hidden]
    rest = [(name, parameter) for name, parameter in named if id(parameter) not in hidden]
    return Muon(matrices, groups(settings, rest), settings, fused=fused)


class Muon(Optimizer):
    """One optimizer with two kinds of parameter groups: those marked "orthogonal", and those of an AdamW.

    torch.optim.Muon takes neither filters nor other parameters. Steps are scaled to the size of AdamW's (Liu et al.
    2025, section 2.2), so that one learning rate and one weight decay serve both.
    """

    def __init__(
        self, matrices: list[nn.Parameter], rest: list[dict[str, Any]], settings: MuonSettings, *, fused: bool
    ) -> None:
        self._rest = AdamW(rest, lr=settings.learning_rate, fused=fused or None)
        group = {"params": matrices, "orthogonal": True, "momentum": settings.momentum}
        defaults = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay, "orthogonal": False}
        super().__init__([group, *self._rest.param_groups] if matrices else self._rest.param_groups, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group["orthogonal"]:
                for matrix in group["params"]:
                    if matrix.grad is not None:
                        self._turn(matrix, group)
        self._rest.state = self.state  # load_state_dict puts new objects in their place
        self._rest.param_groups = [group for group in self.param_groups if not group["orthogonal"]]
        self._rest.step()
        return loss

    def _turn(self, matrix: nn.Parameter, group: dict[str, Any]) -> None:
        gradient = matrix.grad
        assert gradient is not None
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        kept = state["momentum_buffer"].lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(kept, group["momentum"]).flatten(1)  # Nesterov
        rate = group["lr"] * 0.2 * sqrt(max(ahead.shape))
        matrix.mul_(1 - group["lr"] * group["weight_decay"])
        matrix.add_(orthogonal(ahead).view_as(matrix).to(matrix.dtype), alpha=-rate)


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Return nearly the closest matrix with orthonormal rows or columns: singular values within about 0.7 to 1.2.

    Newton and Schulz's iteration with Jordan's (2024) coefficients, in bfloat16 on a GPU and float32 elsewhere.
    (rows, columns) -> (rows, columns).
    """
    wide = matrix.to(torch.bfloat16 if matrix.is_cuda else torch.float32)
    tall = wide.shape[0] > wide.shape[1]
    x = wide.T if tall else wide
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    return (x.T if tall else x).contiguous()
