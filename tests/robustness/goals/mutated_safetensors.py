"""Weights with damage anywhere: what their head declares is believed only when it fits the file."""

from pathlib import Path

import torch
from safetensors.torch import save

from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from workbench.core.errors import UserError
from workbench.networks.tensor_file import tensors_in
from workbench.networks.tensor_reading import read_tensors


def _seeds(place: Path) -> dict[str, bytes]:
    chance = torch.Generator().manual_seed(0)
    floats = {f"layer.{n}.weight": torch.randn(3, 4, generator=chance) for n in range(3)}
    types = (
        torch.float64,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.int8,
        torch.uint8,
        torch.bool,
    )
    mixed = {f"{number}": torch.ones(2, 3, dtype=kind) for number, kind in enumerate(types)}
    odd = {"scalar": torch.tensor(1.0), "empty": torch.empty(0, 4), "deep": torch.zeros(1, 1, 1, 1, 2)}
    return {"floats": save(floats), "mixed": save(mixed), "odd": save(odd), "told": save(floats, {"format": "pt"})}


def _read(name: str, content: bytes, place: Path) -> None:
    path = place / "model.safetensors"
    path.write_bytes(content)
    declared = tensors_in(path)
    loaded = read_tensors(path)
    if {key: tuple(tensor.shape) for key, tensor in loaded.items()} != {key: f.shape for key, f in declared.items()}:
        raise AssertionError("what was loaded is not what was declared")


FUZZ = Fuzz(_seeds, _read, (UserError,))
GOAL = fuzzing_goal("Damaged weights are loaded as declared, or refused", "mutated_safetensors", 300, 1_000_000)
