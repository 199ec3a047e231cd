"""train, as one of several processes that `torchrun` has started."""

import signal
from collections.abc import Sequence
from pathlib import Path

from workbench.commands.in_terminal import changes_to, open_what_is_unknown, queued, train_in_terminal
from workbench.core.errors import UserError
from workbench.core.events import Failed
from workbench.core.run_folder import RunFolder, is_run


def train_with_others(recipe: Path | None, changes: Sequence[str], run: Path | None, *, as_json: bool) -> int:
    """Train the run with the other processes, and return the exit code; the first one alone prints.

    Raises UserError without a run to share, and in the first process when it cannot be trained.
    """
    from workbench.training import worker
    from workbench.training.distributed import joined

    if run is None:
        raise UserError(
            "Each of these processes would begin a run of its own.",
            hint="Name the run that they share with --run FOLDER, on a disk that all of them see.",
        )
    folder = RunFolder(run.absolute())

    def prepared() -> list[str]:
        if not is_run(folder.path):
            if recipe is None:
                raise UserError("There is no run in {folder}.", hint="Name a recipe, too.", folder=str(folder.path))
            open_what_is_unknown(recipe, changes, as_json=as_json)
            queued(recipe, changes, folder.path.parent, folder.path)
            return []
        return changes_to(folder, recipe, changes, as_json=as_json)

    with joined() as group:
        if group.is_first:
            return train_in_terminal(folder, group.first(prepared), as_json=as_json, group=group)
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, signal.SIG_IGN)  # the first process hears it, too, and lets all save and stop together
        try:
            group.first(prepared)
        except UserError:
            return 1  # which the first one tells
        return int(isinstance(worker.train_run(folder, group=group), Failed))
