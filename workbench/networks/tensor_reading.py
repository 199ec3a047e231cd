"""The tensors of a safetensors file, read byte by byte into memory of their own.

The safetensors library maps the file into memory: where it is cut short afterwards, the next look at a tensor ends the
whole process (SIGBUS), without a word.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.passphrases import opened
from workbench.networks.tensor_file import TensorFacts, tensors_in

_TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "I64": torch.int64, "I32": torch.int32,
    "I16": torch.int16, "I8": torch.int8, "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16,
    "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of the file, on the CPU; raises UserError when it is damaged or changes meanwhile."""
    declared = tensors_in(path)
    try:
        with opened(path) as file:
            return {name: _read(path, file, facts) for name, facts in declared.items()}
    except OSError as error:
        raise UserError(
            "{name} could not be read: {reason}.", name=path.name, reason=error.strerror or str(error)
        ) from error


def _read(path: Path, file: Any, facts: TensorFacts) -> Tensor:
    content = torch.empty(facts.end - facts.begin, dtype=torch.uint8)
    room = memoryview(content.numpy())  # pyright: ignore[reportArgumentType]
    file.seek(facts.begin)
    while len(room):
        came = file.readinto(room)
        if not came:
            raise UserError(
                "{name} was changed while it was read.",
                hint="Wait until whatever writes it is done, then try again.",
                name=path.name,
            )
        room = room[came:]
    return content.view(_TYPES[facts.dtype]).reshape(facts.shape)
