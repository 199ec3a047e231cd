"""What window and commands ask for by name: `ask("model.layers", {…})` calls `layers` in engine/model.py.

Arguments and answers are plain values, so that the same question can go to another process (`python -m
workbench.engine`).
A function whose first parameter is called `progress` is a job: it takes more than about a second and reports on it.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from workbench.core.errors import UserError
from workbench.core.events import finite
from workbench.core.settings import nearest
from workbench.core.words import Words, mark

Report = Callable[[Words, int, int], None]  # stage, done, total (0: unknown)


def ask(name: str, arguments: Mapping[str, Any] | None = None, progress: Report | None = None) -> dict[str, Any]:
    """Return the answer of the function called `name` ("subject.function") to these arguments, in this process.

    progress: what a job reports to, called as (stage: Words, done, total); it may raise, to end the job.
    Raises UserError for an unknown name or wrong arguments, and whatever the function raises.
    """
    function = _function(name)
    given = dict(arguments or {})
    before: tuple[Any, ...] = (reported(progress),) if takes_progress(function) else ()
    try:
        inspect.signature(function).bind(*before, **given)
    except TypeError as error:
        raise UserError("{name} cannot be asked like this: {reason}.", name=name, reason=str(error)) from None
    return finite(function(*before, **given))


def is_job(name: str) -> bool:
    """Return whether the function called `name` reports progress, and so belongs into a process of its own."""
    return takes_progress(_function(name))


def takes_progress(function: Callable[..., Any]) -> bool:
    """Return whether the first parameter of `function` is called progress."""
    return next(iter(inspect.signature(function).parameters), "") == "progress"


def _function(name: str) -> Callable[..., dict[str, Any]]:
    subject, _, wanted = name.partition(".")
    subjects = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    if subject not in subjects:
        raise _unknown(name, nearest(subject, subjects))
    module = importlib.import_module(f"{__name__}.{subject}")
    known = {
        key: value
        for key, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not key.startswith("_")
    }
    if wanted not in known:
        near = nearest(wanted, known)
        raise _unknown(name, f"{subject}.{near}" if near else "")
    return known[wanted]


def _unknown(name: str, near: str) -> UserError:
    hint = mark("Did you mean {near}?") if near else ""
    return UserError("The engine knows nothing called {name}.", hint=hint, name=name, near=near)


def reported(progress: Report | None) -> Callable[..., None]:
    """Return what a job calls, with a data.Progress (stage, done, total) or with these three; it tells `progress`."""

    def report(stage: Any, done: int = 0, total: int = 0) -> None:
        if progress is None:
            return
        if not isinstance(stage, Words):
            stage, done, total = stage.stage, stage.done, stage.total
        progress(stage, done, total)

    return report
