"""Whether a training script takes the steps of its run: its first ones are taken in a process without this program."""

import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from workbench.core.errors import UserError
from workbench.core.files import read_json
from workbench.core.run_reader import seconds_between, this_host
from workbench.core.words import Words, mark
from workbench.export.comparison import Comparison, not_kept
from workbench.export.elsewhere import run_elsewhere
from workbench.export.scripts.repeated import Repeated
from workbench.export.subject import Subject
from workbench.training.devices import chosen_device

if TYPE_CHECKING:
    from workbench.export import Target

STEPS = 20  # that are taken at most
_SECONDS = 120.0  # that the run may have spent on as many
MOST = 0.02  # by which a loss may differ, of itself and at least of 1, where the machine is another one
_DIFFERS = mark("The exported script does not give the losses of the run, so it was not kept.")
_RUNNER = """
from pathlib import Path
from train import train

train(int(sys.argv[1]), Path(sys.argv[2]))
"""
_ROW = "largest difference from the run's losses, of the first {steps} steps"


def compare(subject: Subject, target: "Target", folder: Path) -> Comparison:
    """Return by how much at most the losses of the first steps differ from those of the run.

    Of a run on the CPU of this machine all bits must be the same; elsewhere sums are rounded otherwise. Raises
    UserError when they differ more, or the script does not run at all.
    """
    repeated = Repeated.of(subject.run)
    count = _count(subject, repeated)
    found = _losses(target, folder, count)
    row = _ROW.format(steps=count)
    device = torch.device(repeated.recipe.training.device)
    if not _is_here(device):
        said = Words(
            "The run computed on {device}, which is not here: the script runs, and its losses could not be compared.",
            {"device": str(device)},
        )
        return Comparison(float("nan"), said, row, {"steps": count})
    wanted = repeated.losses[:count].astype(np.float64)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    apart = np.abs(np.subtract(found, wanted, where=~same, out=np.zeros(count)))
    worst = float(apart.max())
    if worst == 0.0:
        said = Words("Its first {steps} losses are those of the run, to the last bit.", {"steps": count})
        return Comparison(worst, said, row, {"steps": count})
    if _is_the_same_machine(subject, device) or not (apart <= MOST * np.maximum(1.0, np.abs(wanted))).all():
        step = int(apart.argmax())
        raise not_kept(target, _DIFFERS, f"step {step + 1}: {found[step]!r} instead of {wanted[step]!r}")
    said = Words(
        "Its first {steps} losses differ from those of the run by at most {found}: sums are rounded otherwise here.",
        {"steps": count, "found": f"{worst:.2g}"},
    )
    return Comparison(worst, said, row, {"steps": count})


def _count(subject: Subject, repeated: Repeated) -> int:
    """Return how many steps are taken: few where each of them takes long."""
    each = seconds_between(subject.run) / repeated.steps
    return max(1, min(STEPS, repeated.steps, int(_SECONDS / max(each, 1e-9))))


def _losses(target: "Target", folder: Path, count: int) -> np.ndarray:
    with tempfile.TemporaryDirectory() as place:
        complaint = run_elsewhere(_RUNNER, folder, str(count), place)
        written = Path(place) / "losses.csv"
        if complaint or not written.is_file():
            raise not_kept(target, _DIFFERS, complaint)
        rows = written.read_text("utf-8").splitlines()[1:]
    losses = np.array([float(row.partition(",")[2]) for row in rows])
    if len(losses) != count:
        raise not_kept(target, _DIFFERS, f"{len(losses)} steps instead of {count}")
    return losses


def _is_here(device: torch.device) -> bool:
    try:
        chosen_device(str(device))
    except UserError:
        return False
    return True


def _is_the_same_machine(subject: Subject, device: torch.device) -> bool:
    """Return whether this machine rounds as that of the run did: the same one, with the same torch, on the CPU."""
    made = read_json(subject.run.environment, {})
    if not isinstance(made, dict) or device.type != "cpu":
        return False
    here = {"host": this_host(), "system": platform.platform(), "torch": torch.__version__}
    there = {name: made.get(name) for name in ("host", "system")} | {"torch": made.get("packages", {}).get("torch")}
    return here == there and made.get("arithmetic") == torch.backends.cpu.get_cpu_capability()
