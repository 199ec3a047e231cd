"""Single flipped bits in the newest checkpoint and in models: found every time, and an older checkpoint is taken."""

import random
from pathlib import Path

from tests.robustness.goal import Found, Goal
from tests.robustness.storage import queued, trained_in_fork
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.sealed import check_sealed
from workbench.training.checkpoint import newest_sound


def _try(times: int, seed: int, place: Path) -> Found:
    found = Found()
    folder = queued(place)
    if trained_in_fork(folder):
        raise RuntimeError("the run did not end well")
    dice = random.Random(seed)
    newest, older = folder.newest_checkpoints()[:2]
    model = folder.best_model()
    assert model
    files = [file for part in (newest, model) for file in sorted(part.iterdir())]
    sizes = [file.stat().st_size for file in files]
    while found.tried < times:
        file = dice.choices(files, sizes)[0] if dice.random() < 0.7 else dice.choice(files)
        data = file.read_bytes()
        at, bit = dice.randrange(len(data)), dice.randrange(8)
        file.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
        wrong = _what_is_wrong(folder, file.parent, older)
        file.write_bytes(data)
        found.tried += 1
        if wrong:
            found.failures.append(f"{file.parent.name}/{file.name}, byte {at}, bit {bit}: {wrong} (seed {seed})")
    return found


def _what_is_wrong(folder: RunFolder, part: Path, older: Path) -> str:
    if part.parent == folder.models:
        try:
            check_sealed(part)
        except UserError:
            return ""
        return "not noticed"
    loaded, complaints = newest_sound(folder)
    if loaded is None or loaded.path != older:
        return f"{loaded and loaded.path.name} was taken"
    return "" if complaints and part.name in str(complaints[0]) else f"nobody was told: {complaints}"


GOAL = Goal("A flipped bit is found, and the older checkpoint taken", 60, 2000, _try)
