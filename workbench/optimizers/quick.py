"""The fused kernels of Adam and AdamW, called with their tensors looked up once instead of at every step.

What torch's own `step` does around the kernel takes longer than the kernel where networks are small. The arithmetic is
the kernel's in both cases, so the weights are the same to the last bit.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer

from workbench.networks.without_compiler import without_compiler

_torch: Any = torch  # which does not declare its kernels
_KERNELS: dict[type[Optimizer], Callable[..., Any]] = {Adam: _torch._fused_adam_, AdamW: _torch._fused_adamw_}
_NOT_HERE = ("amsgrad", "maximize", "capturable", "differentiable")


def usual_step(optimizer: Optimizer) -> None:
    """Take the optimizer's own step, without importing torch's compiler for it."""
    with without_compiler():
        optimizer.step()


def quick_step(optimizer: Optimizer) -> Callable[[], None] | None:
    """Return what does the optimizer's step on a CPU in less time, or None where its own is to be taken."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    known = type(optimizer) in _KERNELS and all(
        group.get("fused") and not any(group.get(name) for name in _NOT_HERE) for group in optimizer.param_groups
    )
    alike = len({(parameter.device.type, parameter.dtype) for parameter in parameters}) == 1
    if not known or not alike or not parameters[0].is_cpu:
        return None
    return _Quick(optimizer)


class _Quick:
    """Steps of one optimizer; its state stays where it is, for checkpoints."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._kernel = _KERNELS[type(optimizer)]
        self._bound: list[tuple[list[dict[str, Any]], list[Tensor], tuple[list[Tensor], ...], list[Tensor]]] = []

    def __call__(self) -> None:
        """Take a step; the first one, and one with weights that have no gradient, is the optimizer's own."""
        if not self._is_bound() and not self._bind():
            usual_step(self._optimizer)
            return
        gradients = [[parameter.grad for parameter in parameters] for _, parameters, _, _ in self._bound]
        if any(gradient is None for there in gradients for gradient in there) or not self._are_alike():
            usual_step(self._optimizer)
            return
        with torch.no_grad():
            for ((group, *_), parameters, moments, steps), there in zip(self._bound, gradients, strict=True):
                _torch._foreach_add_(steps, 1)
                beta1, beta2 = group["betas"]
                self._kernel(
                    parameters, there, *moments, [], steps, amsgrad=False, lr=float(group["lr"]), beta1=beta1,
                    beta2=beta2, weight_decay=group["weight_decay"], eps=group["eps"], maximize=False,
                    grad_scale=None, found_inf=None,
                )  # fmt: skip

    def _are_alike(self) -> bool:
        """Whether the groups that are stepped together still have one learning rate."""
        return all(group["lr"] == groups[0]["lr"] for groups, *_ in self._bound for group in groups[1:])

    def _is_bound(self) -> bool:
        """Whether all is still the optimizer's, which gets other groups and tensors when a checkpoint is loaded."""
        if not self._bound:
            return False
        (group, *_), parameters, moments, _ = self._bound[0]
        state = self._optimizer.state.get(parameters[0])
        return group is self._optimizer.param_groups[0] and bool(state) and state["exp_avg"] is moments[0][0]

    def _bind(self) -> bool:
        """Look up the tensors of all groups; those with the same settings are stepped together."""
        state, alike = self._optimizer.state, dict[tuple[Any, ...], list[dict[str, Any]]]()
        self._bound = []
        for group in self._optimizer.param_groups:
            key = float(group["lr"]), *(group[name] for name in ("betas", "eps", "weight_decay"))
            alike.setdefault(key, []).append(group)
        for groups in alike.values():
            parameters = [parameter for group in groups for parameter in group["params"]]
            if not all(state.get(parameter) for parameter in parameters):
                self._bound = []
                return False
            first, second, steps = (
                [state[parameter][name] for parameter in parameters] for name in ("exp_avg", "exp_avg_sq", "step")
            )
            self._bound.append((groups, parameters, (first, second), steps))
        return True
