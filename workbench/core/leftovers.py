"""What interrupted writers left in a run's folder: unfinished saves, and files that were to take another's place."""

import logging
import shutil

from workbench.core.run_folder import RunFolder

log = logging.getLogger("workbench")


def sweep(run: RunFolder) -> int:
    """Remove what was left behind, and return how many things there were; only whoever holds the run's lock may ask."""
    saves = [path for place in (run.checkpoints, run.models) for path in place.glob(".tmp-*")]
    files = [path for place in (run.checkpoints, run.models) for path in place.glob("step-*/.*.tmp")]
    for path in saves:
        shutil.rmtree(path, ignore_errors=True)
    for path in files:
        path.unlink(missing_ok=True)
    left = len(saves) + len(files)
    if left:
        log.warning("%s: removed %d unfinished saves of an interrupted attempt", run.name, left)
    return left
