"""The head of a safetensors file: which tensors it holds, read and checked without any of their bytes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, TypeGuard

from workbench.core.errors import UserError
from workbench.core.passphrases import opened, size_of
from workbench.core.words import Words

_LARGEST_HEAD = 32 * 2**20  # bytes
_MOST_TENSORS = 100_000
_MOST_SIDES = 16
_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip


@dataclass(frozen=True)
class TensorFacts:
    """What is declared of one tensor. begin, end: where its bytes lie in the file."""

    shape: tuple[int, ...]
    dtype: str
    begin: int
    end: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


def tensors_in(path: Path) -> dict[str, TensorFacts]:
    """Return the tensors that a safetensors file declares; raises UserError when that does not fit the file.

    Every byte of the file must belong to one tensor, of a known type and of the size that its shape needs.
    """
    try:
        size = size_of(path)
        with opened(path) as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(_LARGEST_HEAD, size - 8):
                raise _damaged(path, Words("The length of its head does not fit the file."))
            head = json.loads(file.read(length))
    except OSError as error:
        raise UserError(
            "{name} could not be read: {reason}.", name=path.name, reason=error.strerror or str(error)
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, Words("Its head is no JSON.")) from error
    if not isinstance(head, dict) or len(head) > _MOST_TENSORS:
        raise _damaged(path, Words("Its head is no list of tensors."))
    head.pop("__metadata__", None)
    found: dict[str, TensorFacts] = {}
    for name, plain in head.items():
        found[name] = _declared(path, name, plain, 8 + length)
    end = 8 + length
    for begin, after in sorted((facts.begin, facts.end) for facts in found.values()):
        if begin != end:
            raise _damaged(path, Words("At byte {place} its tensors overlap or leave a gap.", {"place": f"{begin:,}"}))
        end = after
    if end != size:
        counts = {"declared": f"{end:,}", "there": f"{size:,}"}
        raise _damaged(path, Words("It should have {declared} bytes and has {there}.", counts))
    return found


def _declared(path: Path, name: str, plain: Any, start: int) -> TensorFacts:
    shown = name[:100]
    if not isinstance(plain, Mapping):
        raise _damaged(path, Words("{tensor} is no tensor.", {"tensor": shown}))
    dtype, shape, place = plain.get("dtype"), plain.get("shape"), plain.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in _BYTES:
        raise _damaged(
            path, Words("{tensor} is of the unknown type {type}.", {"tensor": shown, "type": str(dtype)[:40]})
        )
    if not (_counts(shape) and len(shape) <= _MOST_SIDES and _counts(place) and len(place) == 2):
        raise _damaged(path, Words("{tensor} has no shape or no place.", {"tensor": shown}))
    facts = TensorFacts(tuple(shape), dtype, start + place[0], start + place[1])
    if facts.end - facts.begin != facts.elements * _BYTES[dtype]:
        counts = {"needed": f"{facts.elements * _BYTES[dtype]:,}", "found": f"{facts.end - facts.begin:,}"}
        raise _damaged(path, Words("{tensor} needs {needed} bytes and has {found}.", {"tensor": shown, **counts}))
    return facts


def _counts(values: Any) -> TypeGuard[list[int]]:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**62 for value in values)


def _damaged(path: Path, why: Words) -> UserError:
    return UserError(
        "{name} is damaged, or no safetensors file: {reason}", hint="Get the file again.", reason=why, name=path.name
    )
