"""Folders of models with damage in any file, whose checksums were made to fit: used or refused, and nothing else."""

import hashlib
import json
from pathlib import Path

import torch

from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from tests.training.runs import trained
from workbench.core.errors import UserError
from workbench.core.sealed import MANIFEST
from workbench.inference.predictor import Predictor

_RUN: list = []


def _seeds(place: Path) -> dict[str, bytes]:
    torch.set_num_threads(1)
    run, _ = trained(place / "runs")
    folder = run.best_model()
    assert folder is not None
    _RUN[:] = [run, folder]
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _read(name: str, content: bytes, place: Path) -> None:
    run, folder = _RUN
    listed = folder / MANIFEST
    sound, sound_list = (folder / name).read_bytes(), listed.read_bytes()
    try:
        (folder / name).write_bytes(content)
        if name != MANIFEST:
            facts = json.loads(sound_list)
            facts[name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            listed.write_text(json.dumps(facts), encoding="utf-8")
        Predictor.of_run(run, "cpu")
    finally:
        (folder / name).write_bytes(sound)
        listed.write_bytes(sound_list)


FUZZ = Fuzz(_seeds, _read, (UserError,))
GOAL = fuzzing_goal("Damaged models are used or refused", "mutated_models", 100, 200_000)
