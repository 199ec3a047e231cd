"""Checkpoints: everything that training needs to go on as if it had never stopped."""

import json
import logging
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.events import finite
from workbench.core.passphrases import content
from workbench.core.run_folder import RunFolder, folder_name
from workbench.core.sealed import check_sealed, write_sealed
from workbench.core.words import Words
from workbench.training.tensors import join_state, load_tensors, save_tensors, split_state

log = logging.getLogger("workbench")
KEPT = 3  # newest checkpoints; the best model has a folder of its own


@dataclass
class Position:
    """Where training stands.

    step: optimizer steps done. epoch: epochs done. batches: batches of the running epoch that were consumed. best: what
    `keep_best` compares, of the best epoch. since_better: epochs without a better validation loss. sums: totals of the
    running epoch by name. seconds: time spent in steps over all attempts. found, best_metrics: of the last and of the
    best epoch.
    """

    step: int = 0
    epoch: int = 0
    batches: int = 0
    best: float | None = None
    best_loss: float | None = None
    lowest_loss: float | None = None
    best_model: str = ""
    since_better: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    samples: int = 0
    found: dict[str, float] = field(default_factory=dict)
    best_metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """A checkpoint read back: tensors on the CPU, in their memory formats.

    made_with: the threads and the version of torch that made it.
    """

    path: Path
    position: Position
    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    optimizer: dict[str, Any]
    random: dict[str, Tensor]
    extra: dict[str, Any]
    recipe: dict[str, Any]
    made_with: dict[str, Any]
    masks: dict[str, Tensor] = field(default_factory=dict)


def save_checkpoint(
    folder: RunFolder,
    attempt: int,
    position: Position,
    *,
    weights: dict[str, Tensor],
    average: dict[str, Tensor],
    optimizer: dict[str, Any],
    extra: dict[str, Any],
    recipe: dict[str, Any],
    masks: dict[str, Tensor] | None = None,
) -> tuple[str, float]:
    """Write a checkpoint of this position and return its name and the seconds it took; old ones go afterwards.

    extra: plain values of schedule, scaler and data. masks: where weights are pruned. Raises UserError when the disk
    is full, and keeps the older ones.
    """
    begun = time.monotonic()
    name = folder_name(position.step, attempt)
    size = sum(tensor.numel() * tensor.element_size() for tensor in weights.values())

    def fill(place: Path) -> None:
        moments, plain = split_state(optimizer)
        layouts = {
            "model": save_tensors(weights, place / "model.safetensors"),
            "average": save_tensors(average, place / "average.safetensors"),
            "optimizer": save_tensors(moments, place / "optimizer.safetensors"),
            "random": save_tensors(_random_state(), place / "random.safetensors"),
        }
        if masks:
            layouts["masks"] = save_tensors(masks, place / "masks.safetensors")
        state = {
            "position": asdict(position),
            "optimizer": plain,
            "layouts": layouts,
            "extra": extra,
            "recipe": recipe,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
        (place / "state.json").write_text(json.dumps(finite(state), ensure_ascii=False), encoding="utf-8")

    write_sealed(folder.checkpoints / name, fill, least_free=2 * 3 * size + 2**20)
    check_sealed(folder.checkpoints / name)  # an older one goes only after the new one was read back
    for old in folder.newest_checkpoints()[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return name, time.monotonic() - begun


def newest_sound(folder: RunFolder) -> tuple[Loaded | None, list[Words]]:
    """Return the newest checkpoint that is as it was written, and what is wrong with newer ones."""
    complaints: list[Words] = []
    for path in folder.newest_checkpoints():
        try:
            return load_checkpoint(path), complaints
        except UserError as error:
            complaints.append(error.message)
    return None, complaints


def load_checkpoint(path: Path) -> Loaded:
    """Return the checkpoint; raises UserError when its files are not what was written."""
    check_sealed(path)
    state = json.loads(content(path / "state.json"))
    layouts = state["layouts"]
    parts = {name: load_tensors(path / f"{name}.safetensors", layouts[name]) for name in layouts}
    plain = dict(state["position"])
    for name in ("best", "best_loss", "lowest_loss"):
        plain[name] = None if plain[name] is None else float(plain[name])
    for name in ("sums", "found", "best_metrics"):
        plain[name] = {key: float(value) for key, value in plain.get(name, {}).items()}
    return Loaded(
        path=path,
        position=Position(**plain),
        weights=parts["model"],
        average=parts["average"],
        optimizer=join_state(parts["optimizer"], state["optimizer"]),
        random=parts["random"],
        extra=state["extra"],
        recipe=state["recipe"],
        made_with={"threads": state["threads"], "torch": state["torch"]},
        masks=parts.get("masks", {}),
    )


def _random_state() -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_initialized():
        state |= {f"cuda:{index}": value for index, value in enumerate(torch.cuda.get_rng_state_all())}
    return state


def restore_random(state: dict[str, Tensor]) -> None:
    """Set torch's random generators as they were."""
    torch.set_rng_state(state["cpu"])
    devices = sorted(name for name in state if name.startswith("cuda:"))
    if devices and torch.cuda.device_count() >= len(devices):
        torch.cuda.set_rng_state_all([state[name] for name in devices])
