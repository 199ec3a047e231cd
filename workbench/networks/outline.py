"""What a network is made of: every layer in the order in which it works, found by running it on nothing but shapes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from workbench.core.words import Words
from workbench.networks import layer_names
from workbench.networks.without_compiler import without_compiler


@dataclass
class Row:
    """One call of one layer.

    output: its shape without the batch. parameters: counted at the first call alone, however often they are used.
    flops: floating-point operations for one sample. source, result: tell which tensor went in and which came out.
    """

    module: nn.Module
    path: str
    output: tuple[int, ...] = ()
    parameters: int = 0
    flops: int = 0
    source: int = 0
    result: int = 0

    @property
    def kind(self) -> str:
        """Return which sort of layer it is: conv, pool, linear, activation, …"""
        return layer_names.kind(self.module)

    @property
    def name(self) -> Words:
        """Return what a person calls this layer."""
        return layer_names.name(self.module, self.output)

    @property
    def label(self) -> Words:
        """Return what stands under this layer in a drawing."""
        return layer_names.label(self.module, self.output)


def outline(network: nn.Module, sample: Tensor) -> list[Row]:
    """Return the layers of `network` in the order in which they finish, as a batch of one sample runs through.

    A row is a module without children, or one that computes with parameters of its own or multiplies matrices outside
    its children. FLOPs are those of convolutions and matrix products, a multiplication and an addition counting as
    two; what bends, pools or normalizes costs little beside them and counts as none. Meant for a network and a sample
    on the meta device, where nothing is computed. Puts the network into evaluation mode.
    """
    rows = _run(network, sample)
    _share_out(network, rows)
    return [row for row in rows if _shown(row)]


def _shown(row: Row) -> bool:
    leaf = next(row.module.children(), None) is None
    return not isinstance(row.module, nn.Identity) and (leaf or row.parameters > 0 or row.flops > 0)


def _run(network: nn.Module, sample: Tensor) -> list[Row]:
    """Return a row for every call of every module, in the order in which the calls end."""
    rows: list[Row] = []
    counter = _Flops()
    held: list[Tensor] = []  # so that no two of them have the same id

    def number(values: Any) -> int:
        held.append(_first(values))
        return id(held[-1])

    def begin(module: nn.Module, given: tuple[Any, ...]) -> None:
        counter.calls.append(Row(module, paths[module], source=number(given)))

    def end(module: nn.Module, given: tuple[Any, ...], result: Any) -> None:
        row = counter.calls.pop()
        row.output, row.result = tuple(_first(result).shape[1:]), number(result)
        rows.append(row)

    paths = {module: path for path, module in network.named_modules()}
    hooks = [module.register_forward_pre_hook(begin) for module in paths]
    hooks += [module.register_forward_hook(end) for module in paths]
    try:
        with without_compiler(), torch.no_grad(), counter:
            network.eval()(sample)
    finally:
        for hook in hooks:
            hook.remove()
    return rows


def _first(values: Any) -> Tensor:
    """Return the first tensor in what a module takes or gives, or one of its own when there is none."""
    if isinstance(values, Tensor):
        return values
    inner = values.values() if isinstance(values, Mapping) else values if isinstance(values, tuple | list) else ()
    return next((_first(value) for value in inner if isinstance(value, Tensor | tuple | list)), torch.empty(0))


def _share_out(network: nn.Module, rows: list[Row]) -> None:
    """Give each parameter to the first call of the innermost module around it that was called."""
    calls: dict[str, Row] = {}
    for row in rows:
        calls.setdefault(row.path, row)
    for name, parameter in network.named_parameters():
        path = name.rpartition(".")[0]
        while path not in calls:
            path = path.rpartition(".")[0]
        calls[path].parameters += parameter.numel()


class _Flops(TorchDispatchMode):
    """Adds the operations that come by to the innermost of the calls that are under way."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Row] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        counted = flop_registry.get(func.overloadpacket)
        if counted and self.calls:
            self.calls[-1].flops += counted(*args, **(kwargs or {}), out_val=result)
        return result
