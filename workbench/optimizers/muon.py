"""Muon: the momentum of each hidden matrix is made orthogonal before the step; AdamW for the rest."""

from collections.abc import Callable, Iterator
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

_TOGETHER = 2**23  # numbers in matrices that are turned at once: more would take memory and save no time


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
                for alike in _alike(group["params"]):
                    self._turn(alike, group)
        self._rest.state = self.state  # load_state_dict puts new objects in their place
        self._rest.param_groups = [group for group in self.param_groups if not group["orthogonal"]]
        self._rest.step()
        return loss

    def _turn(self, matrices: list[nn.Parameter], group: dict[str, Any]) -> None:
        """Take the step of matrices of one shape, with one product where each would need its own."""
        ahead = [self._ahead(matrix, group["momentum"]).flatten(1) for matrix in matrices]
        steps = orthogonal(torch.stack(ahead)).to(ahead[0].dtype)
        rate = group["lr"] * 0.2 * sqrt(max(steps.shape[1:]))
        for matrix, step in zip(matrices, steps, strict=True):
            matrix.mul_(1 - group["lr"] * group["weight_decay"])
            if isinstance(rate, Tensor):  # on the device, where a recorded step finds it
                matrix.sub_(step.view_as(matrix) * rate)
            else:
                matrix.add_(step.view_as(matrix), alpha=-rate)

    def _ahead(self, matrix: nn.Parameter, momentum: float) -> Tensor:
        """Return where the gradient leads after those before it: Nesterov's momentum."""
        gradient, state = matrix.grad, self.state[matrix]
        assert gradient is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        return gradient.lerp(state["momentum_buffer"].lerp_(gradient, 1 - momentum), momentum)


def _alike(matrices: list[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    """Yield those that have gradients, as many at once as agree and are small: many small products cost more."""
    found: dict[Any, list[nn.Parameter]] = {}
    for matrix in matrices:
        if matrix.grad is not None:
            found.setdefault((matrix.shape, matrix.dtype, matrix.device), []).append(matrix)
    for alike in found.values():
        together = max(1, _TOGETHER // max(1, alike[0].numel()))
        for begin in range(0, len(alike), together):
            yield alike[begin : begin + together]


def orthogonal(matrices: Tensor, steps: int = 5) -> Tensor:
    """Return nearly the closest matrices with orthonormal rows or columns: singular values within about 0.7 to 1.2.

    Newton and Schulz's iteration with Jordan's (2024) coefficients, in bfloat16 on a GPU and float32 elsewhere.
    (rows, columns) or (N, rows, columns) -> the same shape.
    """
    wide = matrices.to(torch.bfloat16 if matrices.is_cuda else torch.float32)
    many = wide if wide.ndim == 3 else wide[None]
    tall = many.shape[1] > many.shape[2]
    x = many.mT if tall else many
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    return (x.mT if tall else x).reshape(matrices.shape).contiguous()
