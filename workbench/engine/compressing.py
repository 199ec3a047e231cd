"""Compressing: a run's model in fewer bits, as a run of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.run_folder import RunFolder
from workbench.networks.number_formats import FORMATS
from workbench.training import compressing


def formats() -> dict[str, Any]:
    """Return the number formats there are: {formats: [{kind, title, summary}…]}."""
    rows = [{"kind": kind, "title": made.title, "summary": made.summary} for kind, made in FORMATS.items()]
    return {"formats": rows}


def compress(progress: Callable[..., None], run: str, kind: str) -> dict[str, Any]:
    """Make the run whose model is that of `run` in a number format. A job; returns its folder and its name.

    Raises UserError as workbench.training.compressing.compress does.
    """
    made = compressing.compress(RunFolder(Path(run)), kind, progress=progress)
    return {"run": str(made.path), "name": made.name}
