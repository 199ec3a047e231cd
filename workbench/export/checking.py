"""Whether an exported model tells the same as the one it was made of: tried in a process without this program."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.core.words import Words, mark
from workbench.export.comparison import Comparison, not_kept
from workbench.export.elsewhere import run_elsewhere
from workbench.export.subject import Subject
from workbench.export.whole import samples, told_by

if TYPE_CHECKING:
    from workbench.export import Target

BATCHES = (1, 2, 5)  # sizes that are tried
MOST = 1e-4  # by which what is told may differ, of the largest number told and at least of 1
_DIFFERS = mark("The exported model does not tell the same as the trained one, so it was not kept.")
_RUNNER = """
import numpy as np
{check}

with np.load(sys.argv[1]) as given:
    np.savez(sys.argv[2], **{{name: told(given[name]) for name in given.files}})
"""


def compare(subject: Subject, target: "Target", folder: Path) -> Comparison:
    """Return by how much at most what the model in `folder` tells differs from what the original does.

    Raises UserError when that is more than rounding, or it does not run at all.
    """
    texts = target.takes_any_length(subject)
    batches = {
        f"of_{size}": samples(
            subject.preprocessing, subject.inputs, size, seed=size, length=_length(subject, size) if texts else 0
        )
        for size in BATCHES
    }
    wanted = {name: told_by(subject.whole, batch) for name, batch in batches.items()}
    found = _told_elsewhere(target, folder, batches)
    worst = 0.0
    for name, told in wanted.items():
        if found[name].shape != told.shape:
            raise not_kept(target, _DIFFERS, f"{name}: {found[name].shape} instead of {told.shape}")
        apart = float(np.abs(found[name].astype(np.float64) - told).max(initial=0))
        if not apart <= MOST * max(1.0, float(np.abs(told).max(initial=0))):
            raise not_kept(target, _DIFFERS, f"{name}: {apart:.3g}")
        worst = max(worst, apart)
    said = Words(
        "It tells the same as the trained model: the largest difference is {found}.", {"found": f"{worst:.2g}"}
    )
    return Comparison(worst, said, "largest difference from the trained model", {"batches": list(BATCHES)})


def _length(subject: Subject, size: int) -> int:
    """Return the longest text of a batch: another one for each, since lengths must not be fixed."""
    return max(min(8, subject.inputs.shape[0]), subject.inputs.shape[0] // size)


def _told_elsewhere(target: "Target", folder: Path, batches: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as place:
        given, answer = Path(place) / "given.npz", Path(place) / "told.npz"
        np.savez(given, **batches)  # type: ignore[arg-type]
        complaint = run_elsewhere(_RUNNER.format(check=target.check), folder, str(given), str(answer))
        if complaint or not answer.is_file():
            raise not_kept(target, _DIFFERS, complaint)
        with np.load(answer) as told:
            return {name: told[name] for name in told.files}
