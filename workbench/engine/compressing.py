"""Compressing: a run's model in fewer bits, as a run of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.compressed import FULL, format_of
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words, to_plain
from workbench.inference.model_folder import model_of, read_description
from workbench.networks.number_formats import FORMATS
from workbench.training import compressing


def formats(run: str) -> dict[str, Any]:
    """Return the number formats there are: {formats: [{kind, title, summary}…], why: not for this run, or None}.

    Raises UserError when the run has no model.
    """
    rows = [{"kind": kind, "title": made.title, "summary": made.summary} for kind, made in FORMATS.items()]
    there = format_of(read_description(model_of(RunFolder(Path(run)))))
    why = (
        None if there == FULL else to_plain(Words("This model is compressed already, to {format}.", {"format": there}))
    )
    return {"formats": rows, "why": why}


def compress(progress: Callable[..., None], run: str, kind: str) -> dict[str, Any]:
    """Make the run whose model is that of `run` in a number format. A job; returns its folder and its name.

    Raises UserError as workbench.training.compressing.compress does.
    """
    made = compressing.compress(RunFolder(Path(run)), kind, progress=progress)
    return {"run": str(made.path), "name": made.name}
