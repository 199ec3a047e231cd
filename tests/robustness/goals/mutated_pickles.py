"""Pickled weights with damage anywhere, read as the limited process does: tensors are taken, or they are refused."""

import io
from contextlib import redirect_stderr
from pathlib import Path

import torch

from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from workbench.core.errors import UserError
from workbench.networks.tensor_file import tensors_in
from workbench.training import pickled_weights


def _seeds(place: Path) -> dict[str, bytes]:
    chance = torch.Generator().manual_seed(0)
    layers = {f"layer.{n}.weight": torch.randn(3, 4, generator=chance) for n in range(2)}
    mixed = {"half": torch.ones(2, dtype=torch.float16), "count": torch.tensor(3), "view": torch.arange(6.0)[::2]}
    kinds = {"layers.pth": layers, "nested.pt": {"state_dict": layers, "epoch": 3}, "mixed.pth": mixed}
    found = {}
    for name, state in kinds.items():
        file = io.BytesIO()
        torch.save(state, file)
        found[name] = file.getvalue()
    file = io.BytesIO()
    torch.save(layers, file, _use_new_zipfile_serialization=False)
    return {**found, "old.pth": file.getvalue()}


def _read(name: str, content: bytes, place: Path) -> None:
    path, out = place / name, place / "out.safetensors"
    path.write_bytes(content)
    try:
        with redirect_stderr(io.StringIO()):
            code = pickled_weights.convert(str(path), str(out))
    except Exception:  # noqa: BLE001 - whatever torch stumbles over, the limited process ends with it and is told of
        return
    if code == 0:
        tensors_in(out)  # raises UserError when it would not be taken


# What the process does may be the end of it alone, not of the program: it has memory, time and room of its own.
ENDS = ("memory allocation of", "Fatal Python error", "terminate called")
HARMLESS = ("pickle.find_class",)  # the list of what torch lets in stands behind it
FUZZ = Fuzz(_seeds, _read, (UserError,), HARMLESS, ENDS)
GOAL = fuzzing_goal("Damaged pickled weights are read or refused", "mutated_pickles", 300, 1_000_000)
