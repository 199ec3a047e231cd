"""Writing an export: into a folder beside its place, compared with the original, then moved there as one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.events import finite
from workbench.core.files import require_new_folder, unwritable
from workbench.core.run_folder import RunFolder
from workbench.core.sealed import write_sealed
from workbench.core.words import Words, mark, to_plain
from workbench.export import Target, targets
from workbench.export.companions import describe, write_companions
from workbench.export.comparison import Comparison
from workbench.export.subject import Subject


@dataclass(frozen=True)
class Exported:
    """What was written: path, bytes, and how it compares with what it was made of."""

    path: Path
    size: int
    comparison: Comparison

    @property
    def difference(self) -> float:
        """By how much at most it differs."""
        return self.comparison.difference

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON."""
        found = self.comparison
        plain = {"path": str(self.path), "size": self.size, "difference": found.difference}
        return finite({**plain, **found.facts, "said": to_plain(found.said)})


def export(run: RunFolder, kind: str, path: Path, progress: Callable[..., None] = lambda *_: None) -> Exported:
    """Export the best model of `run` as the target `kind` into the new folder `path`.

    Raises UserError when it cannot be exported so, something lies at the place, or it is not the same.
    """
    target = targets[kind]
    require_new_folder(path)
    progress(Words("Reading the model"), 0, 3)
    subject = Subject.of_run(run)
    refuse(subject, target)
    found: list[Comparison] = []

    def fill(folder: Path) -> None:
        progress(Words("Exporting"), 1, 3)
        (folder / "model.json").write_text(describe(subject), encoding="utf-8")
        target.write(subject, folder)
        progress(Words("Comparing with the run"), 2, 3)
        found.append(target.compare(subject, target, folder))
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
        fitting = [kind for kind, each in targets.items() if why_not(subject, each) is None]
        raise UserError(
            "It cannot be exported as {title}: {why}",
            hint=mark("It can be exported as: {fitting}.") if fitting else "",
            title=Words(target.title),
            why=why,
            fitting=", ".join(fitting),
        )


def why_not(subject: Subject, target: Target) -> Words | None:
    """Return why a model cannot be exported as this target, or None.

    One whose weights alone are of eight or sixteen bits is exported with the same weights in float32.
    """
    if subject.model.number_format == "int8-dynamic":
        return Words(
            "It computes in whole numbers of eight bits, which exports do not: export the run that it was made of."
        )
    return target.refuses(subject)
