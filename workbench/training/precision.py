"""Computing in short numbers where the device has them (Micikevicius et al. 2018)."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.amp.grad_scaler import GradScaler

_TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Return the context in which a forward pass runs in `precision`: "float32", "bfloat16" or "float16"."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=_TYPES[precision])


def scaler(device: torch.device, precision: str) -> GradScaler:
    """Return what keeps small gradients from vanishing in float16; for other precisions it does nothing."""
    return GradScaler(device.type, enabled=precision == "float16")
