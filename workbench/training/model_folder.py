"""Writes models/<name>/: a model complete for inference, with weights, architecture, preprocessing and labels."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from workbench.core.events import finite
from workbench.core.files import write_json
from workbench.core.run_folder import RunFolder, folder_name
from workbench.core.sealed import write_sealed
from workbench.training.tensors import save_tensors


def save_model(
    folder: RunFolder,
    attempt: int,
    step: int,
    *,
    weights: Mapping[str, Tensor],
    description: Mapping[str, Any],
    best: bool,
) -> str:
    """Write the model and return its name; with `best` it becomes the one that gets used.

    Models that are neither the best nor the newest are removed. Raises UserError when the disk is full.
    """
    name = folder_name(step, attempt)
    size = sum(tensor.numel() * tensor.element_size() for tensor in weights.values())

    def fill(place: Path) -> None:
        layout = save_tensors(weights, place / "model.safetensors")
        plain = {**description, "aliases": layout["aliases"], "step": step}
        (place / "model.json").write_text(json.dumps(finite(plain), ensure_ascii=False, indent=1), encoding="utf-8")

    write_sealed(folder.models / name, fill, least_free=2 * size + 2**20)
    if best:
        write_json(folder.models / "best.json", {"name": name})
    kept = {folder.best_model(), folder.models / name}
    for old in folder.models.glob("step-*"):
        if old not in kept:
            shutil.rmtree(old, ignore_errors=True)
    return name
