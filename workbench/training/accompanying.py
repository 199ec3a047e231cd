"""What the processes do beside the first one of a training, and how all of them begin again when one is lost."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from workbench.core.errors import UserError
from workbench.core.events import Ending, Event, Failed, Warned
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import RunReader
from workbench.core.words import Words
from workbench.recipe import Recipe
from workbench.training.distributed import LOST, Group
from workbench.training.loop import train


def accompany(folder: RunFolder, group: Group) -> Ending:
    """Train the run with the first process, which calls `worker.train_run`, and return how it ended for this one.

    Nothing is written into the run but what this process prints.
    """
    over: Ending | None = group.first(lambda: None)
    if over is not None:
        return over
    attempt = group.agreed(0)
    group.own_log(folder.attempt(attempt))
    try:
        chosen: tuple[Recipe, dict[str, Any]] = group.first(_told_by_the_first)
    except UserError as error:
        return Failed(0, error.to_plain())
    for event in train(chosen[0], folder, attempt=attempt, changed=chosen[1], group=group):
        if isinstance(event, Ending):
            if isinstance(event, Failed):
                error = UserError.from_plain(dict(event.error))
                sys.stderr.write(f"{error} {error.hint}\n{error.details}\n")
            return event
    raise AssertionError("a training ends with exactly one Finished, Stopped or Failed")


def _told_by_the_first() -> Any:
    raise AssertionError("only the first process decides")


def ended_before(folder: RunFolder) -> Ending | None:
    """Return how the run has ended, if all were started again although it had: then there is nothing to go on with."""
    events = RunReader(folder, scalars=False).read().events
    last = events[-1] if events else None
    return last if isinstance(last, Ending) and not _is_lost(last) else None


def softened(happenings: Iterable[Event], group: Group) -> Iterator[Event]:
    """Yield what happens, without the failure of a training whose processes begin again because one was lost."""
    for event in happenings:
        if isinstance(event, Failed) and _is_lost(event) and group.restarts:
            yield Warned(
                Words(
                    "A process was lost after step {step}; all are started again from the last checkpoint.",
                    {"step": f"{event.step:,}"},
                ),
                event.step,
            )
            return
        yield event


def _is_lost(event: Event) -> bool:
    return isinstance(event, Failed) and event.error.get("message") == LOST
