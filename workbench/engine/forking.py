"""Forking: a run that goes on as another one, with other settings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.core.run_folder import RunFolder
from workbench.training.forking import fork as forked


def fork(run: str, assignments: Sequence[str] = ()) -> dict[str, Any]:
    """Make the run that goes on from the newest sound checkpoint of the run in this folder; {name: of the new one}.

    Raises UserError as workbench.training.forking.fork does.
    """
    return {"name": forked(RunFolder(Path(run)), assignments).name}
