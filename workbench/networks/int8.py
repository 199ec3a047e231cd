"""Weights of eight bits, and a linear layer that computes with them in whole numbers."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

_MOST = 127  # the largest whole number used; -128 is not, so that a row is the same in both directions
_LEAST_ROWS = 17  # of a product of whole numbers on CUDA
_whole_product: Any = torch._int_mm  # pyright: ignore[reportPrivateImportUsage]
_EVEN = 8  # numbers: sides of such a product there are multiples of it


def quantized(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return a matrix in int8 and the scale of each of its rows (rows,) in float32; more than two sides count as one.

    Symmetric, one scale a row, as torchao chooses them for its own int8 weights.
    """
    with warnings.catch_warnings():  # of its own parts, as in `networks`
        warnings.filterwarnings("ignore", module=r"torchao(\..*)?|torch(\..*)?")
        # Only here: torchao takes more than a second to import, and weights are read without it.
        from torchao.quantization.quant_primitives import MappingType, choose_qparams_affine, quantize_affine

    rows = weight.detach().float().reshape(len(weight), -1).contiguous().cpu()
    block: Any = (1, rows.shape[1])
    scale, zero = choose_qparams_affine(
        rows, MappingType.SYMMETRIC, block, torch.int8, eps=torch.finfo(torch.float32).eps, zero_point_dtype=torch.int8
    )
    return quantize_affine(rows, block, scale, zero, torch.int8).reshape(weight.shape), scale.reshape(-1).float()


def computes_in_int8(device: torch.device) -> bool:
    """Return whether products of whole numbers are exact and fast there.

    CPUs without VNNI add them up in 16 bits, which overflow.
    """
    if device.type == "cpu":
        return torch.cpu._is_vnni_supported()
    return device.type == "cuda"


class Int8Linear(nn.Module):
    """A linear layer with weights (outputs, inputs) in int8; what comes in is brought to int8 row by row.

    scale (outputs,) and bias (outputs,) or None in float32. (…, inputs) -> (…, outputs) in float32.
    """

    whole: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.register_buffer("whole", weight.contiguous())
        self.register_buffer("scale", scale)
        self.register_buffer("bias", torch.zeros(self.out_features) if bias is None else bias.detach())

    @staticmethod
    def fits(layer: nn.Linear, device: torch.device) -> bool:
        """Return whether the device multiplies matrices with these sides."""
        return device.type != "cuda" or not (layer.in_features % _EVEN or layer.out_features % _EVEN)

    @property
    def weight(self) -> Tensor:
        """The weights in float32, for code that looks at them."""
        return self.whole.float() * self.scale[:, None]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return what a linear layer does, (…, inputs) -> (…, outputs)."""
        rows = inputs.reshape(-1, self.in_features).float()
        size = rows.abs().amax(1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny) / _MOST
        whole = (rows / size).round_().to(torch.int8)
        product = _product(whole, self.whole.t()).float() * size
        return torch.addcmul(self.bias, product, self.scale).reshape(*inputs.shape[:-1], self.out_features)


def _product(rows: Tensor, weight: Tensor) -> Tensor:
    """Return the product of two matrices of int8 in int32."""
    if rows.device.type != "cuda" or len(rows) >= _LEAST_ROWS:
        return _whole_product(rows, weight)
    return _whole_product(pad(rows, (0, 0, 0, _LEAST_ROWS - len(rows))), weight)[: len(rows)]
