"""Verification: whether a run can be gone on with to the last bit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.run_folder import RunFolder
from workbench.training.verifying import STEPS, verify_resume


def verify(progress: Callable[..., None], run: str, steps: int = STEPS) -> dict[str, Any]:
    """Train `steps` steps from the newest checkpoint of a run twice, without changing the run. A job.

    Returns the fields of Verified as plain values, and verdict (words). Raises UserError when there is no checkpoint.
    """
    return verify_resume(RunFolder(Path(run)), progress, steps).to_plain()
