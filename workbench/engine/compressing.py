"""Compressing: a run's model in fewer bits, as a run of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.compressed import FULL, format_of
from workbench.core.locked_run import locked_file
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words, to_plain
from workbench.inference.model_folder import model_of, read_description
from workbench.networks.number_formats import FORMATS
from workbench.training import compressing

_ENCRYPTED = Words("It is encrypted, and what is made of it would not be: decrypt it first.")
_NO_TEACHER = Words("Only a model that tells one class out of several can teach another network.")


def formats(run: str) -> dict[str, Any]:
    """Return the number formats there are, and why not for this run: {formats: [{kind, title, summary}…], why, …}.

    why: not in another format, pruning: not pruned, teaching: no teacher; each words, or None. Raises UserError when
    the run has no model.
    """
    folder = RunFolder(Path(run))
    rows = [{"kind": kind, "title": made.title, "summary": made.summary} for kind, made in FORMATS.items()]
    if locked_file(folder) is not None:
        return {"formats": rows, **dict.fromkeys(("why", "pruning", "teaching"), to_plain(_ENCRYPTED))}
    description = read_description(model_of(folder))
    there = format_of(description)
    narrow = Words("This model is compressed already, to {format}.", {"format": there})
    return {
        "formats": rows,
        "why": None if there == FULL else to_plain(narrow),
        "pruning": None,
        "teaching": None if description["task"] == "classification" else to_plain(_NO_TEACHER),
    }


def compress(progress: Callable[..., None], run: str, kind: str) -> dict[str, Any]:
    """Make the run whose model is that of `run` in a number format. A job; returns its folder and its name.

    Raises UserError as workbench.training.compressing.compress does.
    """
    made = compressing.compress(RunFolder(Path(run)), kind, progress=progress)
    return {"run": str(made.path), "name": made.name}
