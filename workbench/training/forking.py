"""A run forked: a new run that goes on from another's newest sound checkpoint, with other settings of its training."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.events import Failed
from workbench.core.files import read_json, write_atomically, write_json
from workbench.core.resumable import require_resumable
from workbench.core.run_folder import RunFolder, folder_name, new_run
from workbench.core.run_reader import RunReader
from workbench.core.sealed import MANIFEST, check_sealed, write_sealed
from workbench.core.words import tr
from workbench.recipe import Recipe, recipe_from, title_of, to_plain, to_toml
from workbench.training.checkpoint import newest_sound
from workbench.training.private import key_of_fork
from workbench.training.worker import differences, recipe_of

_SMALLER = 0.1  # of the learning rate, for a run that diverged
_KEPT = ("data", "architecture", "training.seed", "training.precision", "training.privacy.on")


def fork(folder: RunFolder, assignments: Sequence[str] = ()) -> RunFolder:
    """Make a new run beside this one, which goes on from its newest sound checkpoint; the old run stays as it is.

    assignments: settings of the training to change, as `training.optimizer.learning_rate=0.01`; a run that diverged
    gets a tenth of its learning rate when there are none. A run without a checkpoint is begun anew. Raises UserError
    when the run is encrypted or was compressed, and when the settings are wrong or would need other weights.
    """
    require_resumable(folder)
    before, _ = recipe_of(folder)
    chosen = recipe_from(to_plain(before), list(assignments) or _gentler(folder, before))
    changed = differences(to_plain(before), to_plain(chosen))
    refused = [name for name in changed if name.startswith(_KEPT)]
    if refused:
        raise UserError(
            "{name} cannot change when a run goes on from a checkpoint of another.",
            hint="Start a new run with these settings.",
            name=refused[0],
        )
    loaded, _ = newest_sound(folder)
    made = new_run(folder.path.parent, title_of(chosen), to_toml(chosen))
    try:
        if loaded is not None:
            _take_over(folder, loaded.path, before, chosen, made)
            write_atomically(made.recipe, to_toml(chosen))
        step = f"{loaded.position.step:,}" if loaded else "0"
        listed = ", ".join(f"{name.rpartition('.')[2]} = {value}" for name, value in changed.items())
        note = tr("Goes on from {run} at step {step}.", run=folder.notes()["name"] or folder.name, step=step)
        made.write_notes(note=f"{note} {listed}".strip(), tags=folder.notes()["tags"])
    except BaseException:
        shutil.rmtree(made.path, ignore_errors=True)
        raise
    return made


def _gentler(folder: RunFolder, recipe: Recipe) -> list[str]:
    """Return the change that lets a run which diverged go on, or none for any other run."""
    endings = [event for event in RunReader(folder).read().events if isinstance(event, Failed)]
    if not (endings and endings[-1].diverged):
        return []
    return [f"training.optimizer.learning_rate={recipe.training.optimizer.learning_rate * _SMALLER:.6g}"]


def _take_over(folder: RunFolder, checkpoint: Path, before: Recipe, chosen: Recipe, made: RunFolder) -> None:
    """Give the new run the checkpoint, and the best model there is, as of an attempt before its first."""
    state = json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))
    position = state["position"]
    if private := state["extra"].get("private"):
        private["key"] = key_of_fork(chosen.training, position["step"])
    if model := folder.best_model():
        check_sealed(model)
        position["best_model"] = _as_before_the_first(model.name)
        write_sealed(made.models / position["best_model"], lambda place: _linked(model, place))
        best = read_json(folder.models / "best.json", {})
        write_json(made.models / "best.json", {**best, "name": position["best_model"]})
    if to_plain(before)["training"]["batch_size"] != to_plain(chosen)["training"]["batch_size"]:
        position["batches"] = _batches(position["batches"], before, chosen)

    def fill(place: Path) -> None:
        _linked(checkpoint, place, but="state.json")
        (place / "state.json").write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")

    write_sealed(made.checkpoints / _as_before_the_first(checkpoint.name), fill)


def _as_before_the_first(name: str) -> str:
    return folder_name(int(name.split("-")[1]), 0)


def _batches(done: int, before: Recipe, chosen: Recipe) -> int:
    """Return how many of the new batches are about as many samples as were done of the running epoch."""
    sizes = (before.training.batch_size, chosen.training.batch_size)
    if not done or not isinstance(sizes[0], int) or not isinstance(sizes[1], int):
        return 0
    return done * sizes[0] // sizes[1]


def _linked(source: Path, place: Path, but: str = "") -> None:
    """Put the files of a sealed folder into another, without a second copy where the disk allows it.

    Files of a sealed folder never change, so that two folders can share them.
    """
    for file in source.iterdir():
        if file.name in (MANIFEST, but):
            continue
        try:
            os.link(file, place / file.name)
        except OSError:
            shutil.copyfile(file, place / file.name)
