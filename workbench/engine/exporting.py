"""Exporting: a run's model in the forms that other programs take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.run_folder import RunFolder
from workbench.core.words import to_plain
from workbench.export import exporting
from workbench.export import targets as known
from workbench.export.subject import Subject


def targets(run: str) -> dict[str, Any]:
    """Return the forms there are: {inputs: their kind, targets: [{kind, title, summary, why: why not, or None}…]}.

    Raises UserError when the run has no model.
    """
    subject = Subject.of_run(RunFolder(Path(run)))
    rows = []
    for kind, target in known.items():
        why = exporting.why_not(subject, target)
        rows.append(
            {"kind": kind, "title": target.title, "summary": target.summary, "why": to_plain(why) if why else None}
        )
    return {"inputs": subject.inputs.kind, "targets": rows}


def export(progress: Callable[..., None], run: str, kind: str, path: str) -> dict[str, Any]:
    """Export a run into the new folder `path`. A job; returns path, size, difference, and said: a sentence about it.

    difference: the largest one from what the trained model tells, over batches of the sizes `batches`, or from the
    losses of the run, over its first `steps`. Raises UserError when it cannot be exported so, or is not the same.
    """
    return exporting.export(RunFolder(Path(run)), kind, Path(path), progress).to_plain()
