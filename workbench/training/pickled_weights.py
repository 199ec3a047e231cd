"""State dicts that were pickled (.pth, .pt): tensors only, read in a limited process of their own, into safetensors.

This file is also that process: `limited.py … pickled_weights.py FILE OUT`. torch's loader for weights alone is no
boundary (CVE-2025-32434), so it has little memory, time and room, and gives back a safetensors file that is checked.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

ENDINGS = (".pth", ".pt")
_SECONDS = 120
_ROOM = 6 * 2**30  # bytes for torch itself
_NO_STATE_DICT, _CODE = 3, 4  # exit codes


def converted(path: Path) -> Path:
    """Return the safetensors file with the tensors of a pickled state dict, made in the cache at the first time.

    Raises UserError when the file holds anything but tensors, is damaged, or takes too much memory or time.
    """
    from workbench.core import limited, paths
    from workbench.core.errors import UserError
    from workbench.networks.tensor_file import tensors_in

    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(
            "{name} could not be read: {reason}.", name=path.name, reason=error.strerror or str(error)
        ) from error
    kept = paths.cache() / "weights" / f"{digest}.safetensors"
    if kept.is_file():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as place:
        out = Path(place) / "weights.safetensors"
        ended = limited.run(
            Path(__file__), str(path.resolve()), str(out),
            place=out.parent, memory=_ROOM + 4 * size, seconds=_SECONDS, largest=4 * size + 2**20,
        )  # fmt: skip
        if ended.is_late:
            raise UserError(
                "{name} was not read within {seconds} s, so it was given up.",
                hint="Get the weights as a .safetensors file.",
                name=path.name,
                seconds=_SECONDS,
            )
        if ended.code == _CODE:
            raise UserError(
                "{name} contains code or other things than tensors, so it was not loaded.",
                hint="Get the weights as a .safetensors file, or save the state_dict alone.",
                details=ended.said,
                name=path.name,
            )
        if ended.code == _NO_STATE_DICT:
            raise UserError(
                "{name} holds no tensors by name.", hint="Save the state_dict of the network.", name=path.name
            )
        if ended.code != 0 or not out.is_file():
            raise UserError(
                "{name} is damaged, too large, or no file of weights.",
                hint="Get the file again, as .safetensors where it is offered.",
                details=ended.said,
                name=path.name,
            )
        tensors_in(out)
        out.replace(kept)
    return kept


def convert(path: str, out: str) -> int:
    """Write the tensors of a pickled state dict to `out`, in the limited process; returns its exit code."""
    import pickle
    from collections.abc import Mapping

    import torch
    from safetensors.torch import save_file

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        print(error, file=sys.stderr)  # noqa: T201 - to the parent
        return _CODE
    for name in ("state_dict", "model", "model_state_dict"):
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping):
        return _NO_STATE_DICT
    tensors = {
        str(name).removeprefix("module."): value.detach().clone().contiguous()
        for name, value in found.items()
        if isinstance(value, torch.Tensor) and not value.is_sparse and not value.is_quantized
    }
    if not tensors:
        return _NO_STATE_DICT
    save_file(tensors, out)
    return 0


if __name__ == "__main__":
    sys.exit(convert(sys.argv[1], sys.argv[2]))
