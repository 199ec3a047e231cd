"""Named tensors in a safetensors file, and back again exactly as they were.

safetensors stores contiguous tensors only. A fused optimizer pairs its moments with the elements of a weight by their
place in memory, so the memory format of each tensor is kept beside it, and tensors that share their memory are stored
once.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from workbench.networks.tensor_reading import read_tensors


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Any]:
    """Write the tensors and return {"strides", "aliases"}, plain values that `load_tensors` needs.

    strides: of each tensor that is not contiguous. aliases: name of a tied tensor to the one under which it is stored.
    """
    stored: dict[str, Tensor] = {}
    aliases: dict[str, str] = {}
    strides: dict[str, list[int]] = {}
    seen: dict[tuple[Any, ...], str] = {}
    for name, tensor in tensors.items():
        place = (tensor.device, tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
        if tensor.numel() and place in seen:
            aliases[name] = seen[place]
            continue
        seen[place] = name
        if not tensor.is_contiguous():
            strides[name] = list(tensor.stride())
        stored[name] = tensor.detach().contiguous().cpu()
    save_file(stored, path)
    return {"strides": strides, "aliases": aliases}


def load_tensors(path: Path, layout: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the tensors of the file, on the CPU, in the memory formats they had.

    Raises UserError when the file is damaged.
    """
    tensors = {name: _restrided(tensor, layout["strides"].get(name)) for name, tensor in read_tensors(path).items()}
    tensors.update({name: tensors[owner] for name, owner in layout["aliases"].items()})
    return tensors


def _restrided(tensor: Tensor, strides: list[int] | None) -> Tensor:
    if strides is None:
        return tensor
    return torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype).copy_(tensor)


def split_state(state: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of an optimizer's state_dict by name, and the rest as plain values."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, dict[str, Any]] = {}
    for place, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{place}.{name}"] = value
            else:
                plain.setdefault(str(place), {})[name] = value
    return tensors, {"state": plain, "param_groups": state["param_groups"], "places": list(state["state"])}


def join_state(tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the optimizer's state_dict that `split_state` took apart."""
    state: dict[int, dict[str, Any]] = {
        int(place): dict(plain["state"].get(str(place), {})) for place in plain["places"]
    }
    for full_name, tensor in tensors.items():
        place, name = full_name.split(".", 1)
        state[int(place)][name] = tensor
    return {"state": state, "param_groups": [_tuples(group) for group in plain["param_groups"]]}


def _tuples(group: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no tuples, and optimizers unpack betas whichever they are, but compare groups with tuples."""
    return {
        name: tuple(value) if isinstance(value, list) and name != "params" else value for name, value in group.items()
    }
