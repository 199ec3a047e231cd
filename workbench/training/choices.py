"""Which settings were measured to be the fastest for a recipe on this machine, kept for its later runs."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from workbench.core import paths
from workbench.core.files import read_json, write_json
from workbench.core.processors import cores
from workbench.core.signature import Inputs
from workbench.recipe import Recipe, to_plain

NAMES = ("threads", "precision", "memory_layout", "compile", "cuda_graphs")
_MOST = 200  # choices that are kept; the oldest go first


def kept(recipe: Recipe, inputs: Inputs, device: torch.device) -> dict[str, Any]:
    """Return the settings of the training that were measured to be the fastest, or none."""
    found = _all().get(_key(recipe, inputs, device), {})
    return {name: value for name, value in found.items() if name in NAMES} if isinstance(found, dict) else {}


def keep(recipe: Recipe, inputs: Inputs, device: torch.device, chosen: Mapping[str, Any]) -> None:
    """Let later runs of such a recipe on such a device take these settings where it leaves them open."""
    key = _key(recipe, inputs, device)
    others = {known: value for known, value in _all().items() if known != key}
    with suppress(OSError):  # then it is measured again
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), {**dict(list(others.items())[1 - _MOST :]), key: dict(chosen)})


def _file() -> Path:
    return paths.state() / "fastest.json"


def _all() -> dict[str, Any]:
    found = read_json(_file(), {})
    return found if isinstance(found, dict) else {}


def _key(recipe: Recipe, inputs: Inputs, device: torch.device) -> str:
    """Return what tells recipes apart whose steps cost otherwise: what is computed, of how much at once, and where."""
    plain = to_plain(recipe)
    training = plain["training"]
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{device.type} {cores()}"
    facts = [plain["architecture"], inputs.to_plain(), training["batch_size"], training["optimizer"]["kind"], where]
    text = json.dumps([*facts, torch.__version__], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
