"""The curves of a run as TensorBoard's event files too, in tensorboard/ of its folder, where that is wanted."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from workbench.core.events import Event, Finished, Started, StepsDone
from workbench.core.run_folder import RunFolder

_FOLDER = "tensorboard"
_SPLITS = ("training_", "validation_", "test_")  # which TensorBoard shows as groups


@contextmanager
def event_files(folder: RunFolder, wanted: bool) -> Iterator[Callable[[Event], None]]:
    """Give a function that writes what there is to draw of each event; it does nothing where that is not wanted."""
    if not wanted:
        yield lambda event: None
        return
    from tensorboard.compat.proto import event_pb2, summary_pb2  # take a second to import
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    made: Any = event_pb2  # generated when it is imported: nobody can see what is in it
    told: Any = summary_pb2
    writer = EventFileWriter(str(folder.path / _FOLDER))

    def point(name: str, step: int, value: float, now: float) -> None:
        summary = told.Summary(value=[told.Summary.Value(tag=_tag(name), simple_value=value)])
        writer.add_event(made.Event(wall_time=now, step=step, summary=summary))

    def write(event: Event) -> None:
        now = time.time()
        if isinstance(event, Started):  # what an earlier attempt wrote beyond this step is not part of the curve
            begun = made.SessionLog(status=made.SessionLog.START)
            writer.add_event(made.Event(wall_time=now, step=event.step + 1, session_log=begun))
        if isinstance(event, StepsDone):
            for name, (steps, values) in event.scalars.items():
                for step, value in zip(steps.tolist(), values.tolist(), strict=True):
                    point(name, step, value, now)
        if isinstance(event, Finished):
            for name, value in event.metrics.items():
                if name.startswith("test_"):
                    point(name, event.step, value, now)

    try:
        yield write
    finally:
        writer.close()


def _tag(name: str) -> str:
    """Return the name of a curve as TensorBoard groups them: validation_loss is validation/loss."""
    split = next((split for split in _SPLITS if name.startswith(split)), "")
    return f"{split[:-1]}/{name.removeprefix(split)}" if split else name
