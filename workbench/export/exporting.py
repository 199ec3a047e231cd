"""Writing an export: into a folder beside its place, compared with the original, then moved there as one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.files import require_new_folder, unwritable
from workbench.core.run_folder import RunFolder
from workbench.core.sealed import write_sealed
from workbench.core.words import Words
from workbench.export import Target, targets
from workbench.export.checking import BATCHES, difference
from workbench.export.companions import describe, write_companions
from workbench.export.subject import Subject


@dataclass(frozen=True)
class Exported:
    """What was written: path, bytes, and by how much at most it tells something else than the original."""

    path: Path
    size: int
    difference: float

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON."""
        return {
            "path": str(self.path), "size": self.size, "difference": self.difference, "batches": list(BATCHES),
        }  # fmt: skip


def export(run: RunFolder, kind: str, path: Path, progress: Callable[..., None] = lambda *_: None) -> Exported:
    """Export the best model of `run` as the target `kind` into the new folder `path`.

    Raises UserError when it cannot be exported so, something lies at the place, or it does not tell the same.
    """
    target = targets[kind]
    require_new_folder(path)
    progress(Words("Reading the model"), 0, 3)
    subject = Subject.of_run(run)
    refuse(subject, target)
    found: list[float] = []

    def fill(folder: Path) -> None:
        progress(Words("Exporting"), 1, 3)
        (folder / "model.json").write_text(describe(subject), encoding="utf-8")
        target.write(subject, folder)
        progress(Words("Comparing with the trained model"), 2, 3)
        found.append(difference(subject, target, folder))
        write_companions(subject, target, folder, found[0])

    try:
        write_sealed(path, fill, least_free=2 * subject.weights().stat().st_size)
    except OSError as error:
        raise unwritable(path, error) from error
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return Exported(path, size, found[0])


def refuse(subject: Subject, target: Target) -> None:
    """Raise UserError when a model cannot be exported as this target."""
    if why := why_not(subject, target):
        raise UserError("It cannot be exported as {title}: {why}", title=Words(target.title), why=why)


def why_not(subject: Subject, target: Target) -> Words | None:
    """Return why a model cannot be exported as this target, or None.

    One whose weights alone are of eight or sixteen bits is exported with the same weights in float32.
    """
    if subject.model.number_format == "int8-dynamic":
        return Words(
            "It computes in whole numbers of eight bits, which exports do not: export the run that it was made of."
        )
    return target.refuses(subject)
