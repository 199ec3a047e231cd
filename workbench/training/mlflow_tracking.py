"""The settings and curves of a run sent to MLflow as well, where that is wanted.

What happens goes to a thread of its own (`mlflow_sending`), so that a server that is slow, away or wrong costs the
training nothing; it is said once, and what is missing is sent when the server answers again.
"""

import importlib.util
import time
from collections.abc import Iterator

from workbench import __version__
from workbench.core.errors import UserError
from workbench.core.events import Ending, Event, Failed, Finished, Started, StepsDone, Stopped, Warned
from workbench.core.full_names import by_full_name
from workbench.core.redaction import known_secrets, redacted
from workbench.core.run_folder import RunFolder
from workbench.hyperparameters.tracking import Tracking
from workbench.recipe import read_recipe, to_plain
from workbench.training.mlflow_sending import Begin, End, Point, Points, Sender

_FILE = "mlflow.json"  # in the run folder: which run of MLflow its attempts go on with


def require_mlflow(settings: Tracking) -> None:
    """Raise UserError when a run is to be logged to MLflow, which is not installed."""
    if settings.mlflow and importlib.util.find_spec("mlflow") is None:
        raise UserError(
            "This run is to be logged to MLflow, which is not installed.",
            hint='Install it with pip install "workbench[mlflow]", or leave the address of MLflow empty.',
        )


def tracked(happenings: Iterator[Event], folder: RunFolder, settings: Tracking) -> Iterator[Event]:
    """Yield all that happens and send it to MLflow; a warning says so when that does not work."""
    if not settings.mlflow:
        yield from happenings
        return
    sender = Sender(settings.mlflow, settings.experiment, folder.path / _FILE)
    begun = False  # a run that fails before is none of MLflow's
    try:
        for event in happenings:
            begun = begun or isinstance(event, Started)
            for message in _messages(event, folder) if begun else ():
                sender.put(message)
            if begun and isinstance(event, Ending):
                sender.finish()
            if complaint := sender.complaint():
                yield Warned(complaint, getattr(event, "step", 0))
            yield event
        sender.finish()  # also without an ending, when several processes begin again
    finally:
        sender.close()


def _messages(event: Event, folder: RunFolder) -> Iterator[Begin | Points | End]:
    now = int(time.time() * 1000)
    match event:
        case Started():
            yield _beginning(event, folder)
        case StepsDone():
            yield Points(
                tuple(
                    Point(name, step, value, now)
                    for name, (steps, values) in event.scalars.items()
                    for step, value in zip(steps.tolist(), values.tolist(), strict=True)
                )
            )
        case Finished():
            wanted = {name: value for name, value in event.metrics.items() if name.startswith(("test_", "delta"))}
            yield Points(tuple(Point(name, event.step, value, now) for name, value in wanted.items()))
            yield End("FINISHED")
        case Stopped():
            yield End("KILLED")
        case Failed():
            yield End("FAILED")


def _beginning(event: Started, folder: RunFolder) -> Begin:
    """Return the settings of the run by full name, and what there is to say of it; without secrets."""
    secrets = known_secrets()
    settings = by_full_name(to_plain(read_recipe(folder.recipe)))
    tags = {
        "workbench.run": folder.name,
        "workbench.version": __version__,
        "workbench.device": event.device,
        "workbench.attempt": str(event.attempt),
        "workbench.parameters": str(event.parameters),
        **{f"changed.{name}": str(value) for name, value in event.changed.items()},
    }
    return Begin(
        name=str(folder.notes()["name"] or folder.name),
        params={name: redacted(str(value), secrets) for name, value in settings.items()},
        tags={name: redacted(value, secrets) for name, value in tags.items()},
    )
