"""The formats in which the weights of a trained network are kept and computed with; all of them as plain tensors.

Eight bits: every row of a matrix of weights is 127 steps of its own size (the scale), which torchao chooses. A scale
lies beside its matrix under the matrix's name and `SCALE`. Vectors, such as biases, stay in float32: they are small,
and what is added has to be exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workbench.core.words import mark
from workbench.networks.int8 import Int8Linear, computes_in_int8, quantized

SCALE = ".scale"
_LEAST_ROW = 8  # numbers: a scale for fewer saves nothing


@dataclass(frozen=True)
class NumberFormat:
    """How weights are kept. stored: the type of most of them. summary: one sentence on what it is for."""

    title: str
    summary: str
    stored: torch.dtype


FORMATS = {
    "int8": NumberFormat(
        mark("int8"),
        mark("Weights of 8 bits: a quarter of the size. Computes as the original does, and as fast."),
        torch.int8,
    ),
    "int8-dynamic": NumberFormat(
        mark("int8 dynamic"),
        mark(
            "Weights of 8 bits, and linear layers that compute with them in whole numbers: a quarter of the size, and "
            "faster where most of the work is in linear layers."
        ),
        torch.int8,
    ),
    "bfloat16": NumberFormat(
        mark("bfloat16"),
        mark("Weights of 16 bits: half the size. Faster on devices that compute in bfloat16."),
        torch.bfloat16,
    ),
    "float16": NumberFormat(
        mark("float16"),
        mark("Weights of 16 bits, finer than bfloat16: half the size. Faster on GPUs alone."),
        torch.float16,
    ),
}


def narrowed(weights: Mapping[str, Tensor], kind: str) -> dict[str, Tensor]:
    """Return the weights as they are kept in the format `kind`; tied ones stay tied.

    weights: a state_dict in float32. In eight bits a matrix is joined by its scale.
    """
    stored, kept = FORMATS[kind].stored, {}
    done: dict[int, tuple[Tensor, Tensor | None]] = {}
    for name, tensor in weights.items():
        if not _is_narrowed(tensor, stored):
            kept[name] = tensor
            continue
        if tensor.data_ptr() not in done:
            done[tensor.data_ptr()] = quantized(tensor) if stored == torch.int8 else (tensor.to(stored), None)
        kept[name], scale = done[tensor.data_ptr()]
        if scale is not None:
            kept[name + SCALE] = scale
    return kept


def widened(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return in float32, by their own names, the weights that `narrowed` gave, or any others."""
    wide: dict[str, Tensor] = {}
    for name, tensor in kept.items():
        if name.endswith(SCALE) and _is_of_int8(kept.get(name.removesuffix(SCALE))):
            continue
        if _is_of_int8(tensor) and name + SCALE in kept:
            wide[name] = tensor.float() * kept[name + SCALE].view(-1, *[1] * (tensor.dim() - 1))
        else:
            wide[name] = tensor.float() if tensor.is_floating_point() else tensor
    return wide


def share(kept: Mapping[str, Tensor], kind: str) -> float:
    """Return how much of all numbers that `narrowed` gave is kept in the format, of 1."""
    counts = {tensor.data_ptr(): (tensor.numel(), tensor.dtype) for tensor in kept.values() if tensor.numel()}
    total = sum(count for count, _ in counts.values())
    return sum(count for count, dtype in counts.values() if dtype == FORMATS[kind].stored) / max(total, 1)


def compute_in(network: nn.Module, kind: str, kept: Mapping[str, Tensor], device: torch.device) -> None:
    """Let a network that has its weights in float32, on its device, compute in the format as far as the device does.

    kept: what `narrowed` gave. Where a device has no such numbers, or is slower with them, it computes in float32.
    """
    if kind == "int8-dynamic" and computes_in_int8(device):
        _in_int8(network, kept, device)
    elif kind in ("bfloat16", "float16") and _computes_in(device, FORMATS[kind].stored):
        _in_short(network, FORMATS[kind].stored)


def short_numbers(device: torch.device) -> bool:
    """Return whether the device computes in bfloat16 by itself; elsewhere that is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return device.type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _is_of_int8(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.dtype == torch.int8


def _is_narrowed(tensor: Tensor, stored: torch.dtype) -> bool:
    """Return whether a tensor is a matrix of weights; one with a single row is not: it would have a single scale."""
    if not tensor.is_floating_point() or tensor.dim() < 2:
        return False
    return stored != torch.int8 or (len(tensor) > 1 and tensor[0].numel() >= _LEAST_ROW)


def _computes_in(device: torch.device, stored: torch.dtype) -> bool:
    if stored == torch.bfloat16:
        return short_numbers(device)
    return device.type == "cuda"  # a CPU takes five times as long as in float32


def _in_int8(network: nn.Module, kept: Mapping[str, Tensor], device: torch.device) -> None:
    for name, layer in list(network.named_modules()):
        weight, scale = kept.get(f"{name}.weight"), kept.get(f"{name}.weight{SCALE}")
        if type(layer) is not nn.Linear or weight is None or scale is None or not name:
            continue
        if Int8Linear.fits(layer, device):
            parent, _, own = name.rpartition(".")
            setattr(network.get_submodule(parent), own, Int8Linear(weight, scale, layer.bias).to(device))


def _in_short(network: nn.Module, dtype: torch.dtype) -> None:
    """Let linear layers and convolutions compute in short numbers; what is between them stays in float32.

    A layer whose weight is also an embedding's stays as it is: an embedding is only looked up.
    """
    owners: dict[int, int] = {}
    for module in network.modules():
        for parameter in module.parameters(recurse=False):
            owners[id(parameter)] = owners.get(id(parameter), 0) + 1
    for layer in network.modules():
        if type(layer) in (nn.Linear, nn.Conv1d, nn.Conv2d) and owners[id(layer.weight)] == 1:
            layer.to(dtype)
            layer.register_forward_pre_hook(lambda _, inputs: (inputs[0].to(dtype),))
            layer.register_forward_hook(lambda _, inputs, outputs: outputs.float())
