"""A run that is trained in the terminal: begun, shown while it goes, stopped by Ctrl-C, and what it came to."""

import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.following import Follower
from workbench.commands.output import (
    console,
    duration,
    metric_title,
    metric_value,
    run_argument,
    say,
    say_json,
    show_error,
)
from workbench.core.errors import UserError
from workbench.core.events import Ending, Event, Failed, Finished, Preparing, Started, Stopped
from workbench.core.run_folder import RunFolder, new_run
from workbench.core.run_summary import headline
from workbench.core.words import tr

if TYPE_CHECKING:
    from workbench.training.distributed import Group

INTERRUPTED = 130


def open_what_is_unknown(recipe: Path, changes: Sequence[str], *, as_json: bool) -> None:
    """Download data of which nobody knows yet what they hold: that decides which architecture is the best."""
    from workbench.data import open_data
    from workbench.recipe import data_in

    data = data_in(recipe, changes)
    if data.inputs_kind():
        return
    with Follower(console(error=as_json)) as follower:
        open_data(data, lambda at: follower.show(Preparing(at.stage, at.done, at.total)))


def queued(recipe: Path, changes: Sequence[str], runs: Path, run: Path | None = None) -> RunFolder:
    """Return a new run of this recipe, in a folder under `runs` or in the folder `run` itself."""
    from workbench.recipe import read_recipe, title_of, to_toml

    chosen = read_recipe(recipe, changes)
    if run is None:
        return new_run(runs, title_of(chosen), to_toml(chosen))
    if run.exists() and not run.is_dir():
        raise UserError("{folder} is a file, and not a run.", hint="Choose another folder.", folder=str(run))
    if run.is_dir() and any(run.iterdir()):
        raise UserError("{folder} is not empty, and not a run.", hint="Choose another folder.", folder=str(run))
    made = new_run(run.absolute().parent, title_of(chosen), to_toml(chosen))
    if run.is_dir():
        run.rmdir()
    return RunFolder(made.path.rename(run.absolute()))


def changes_to(folder: RunFolder, recipe: Path | None, changes: Sequence[str], *, as_json: bool) -> list[str]:
    """Return the changes with which a run goes on, those of a recipe named once more included.

    What "automatic" meant was decided at the first start, and a restart says the same line again. Raises UserError when
    it would be another run.
    """
    from workbench.recipe import read_recipe
    from workbench.training import worker

    kept = [change for change in changes if not (folder.recipe.exists() and change.endswith("=auto"))]
    if recipe is not None:
        open_what_is_unknown(recipe, changes, as_json=as_json)
        kept = [*worker.changes_of(folder, read_recipe(recipe, kept)), *kept]
    worker.recipe_of(folder, kept)
    return kept


def train_in_terminal(
    folder: RunFolder,
    changes: Sequence[str] = (),
    *,
    as_json: bool = False,
    keep: bool = True,
    group: "Group | None" = None,
) -> int:
    """Train the run in this process, say how it ended and how to go on, and return the exit code.

    keep: leave the folder there also when its data or settings were refused before the first step. group: the processes
    that train it together, of which this is the first. Raises UserError when the run cannot be trained at all; then
    nothing in it has changed.
    """
    from workbench.training import worker

    worker.recipe_of(folder, changes)  # what cannot be is refused before an attempt begins
    follower = Follower(console(error=as_json))
    asked = StopAsked(folder, follower.console.print)
    ending: Ending | None = None

    def on_event(event: Event) -> None:
        asked.hear(event)
        follower.show(event)

    # Ctrl-C twice, or before there is anything to keep, ends the training at once.
    with suppress(KeyboardInterrupt), follower, asked.listening():
        ending = worker.train_run(folder, changes, on_event, *([group] if group else []))
    report = _report(folder, ending, follower)
    if isinstance(ending, Failed) and not (keep or follower.started or ending.error.get("details")):
        show_error(UserError.from_plain(dict(ending.error)))
        shutil.rmtree(folder.path, ignore_errors=True)  # there is nothing in it but what was just said
    elif not as_json:
        _say_how_it_ended(folder, ending, follower)
    elif isinstance(ending, Failed):
        show_error(UserError.from_plain(dict(ending.error)))
    if as_json:
        say_json(report)
    if asked.times and not isinstance(ending, Finished | Failed):
        return INTERRUPTED
    return 1 if isinstance(ending, Failed) else INTERRUPTED if ending is None else 0


class StopAsked:
    """Ctrl-C: the first asks the trainer to stop and keep everything, another one ends at once."""

    def __init__(self, folder: RunFolder, say_so: Any) -> None:
        self.folder = folder
        self.times = 0
        self._say = say_so
        self._training = False

    def hear(self, event: Event) -> None:
        """Know how far the training is; before its first step there is nothing to keep."""
        if isinstance(event, Started):
            self._training = True
        if self.times and isinstance(event, Preparing):
            raise KeyboardInterrupt

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take over Ctrl-C, and the signal with which a system asks programs to end, for as long as this lasts."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kinds = (signal.SIGINT, signal.SIGTERM)
        before = {kind: signal.signal(kind, self._asked) for kind in kinds}
        try:
            yield
        finally:
            for kind in kinds:
                signal.signal(kind, before[kind])

    def _asked(self, number: int, frame: object) -> None:
        self.times += 1
        if self.times > 1 or not self._training:
            raise KeyboardInterrupt
        self.folder.write_wish("stop")
        self._say(tr("Stopping. What was learned is being saved; press Ctrl-C again to end at once."))


def _report(folder: RunFolder, ending: Ending | None, follower: Follower) -> dict[str, Any]:
    outcome = {Finished: "finished", Stopped: "stopped", Failed: "failed", type(None): "stopped"}[type(ending)]
    metrics = dict(ending.metrics) if isinstance(ending, Finished | Stopped) else dict(follower.metrics)
    report: dict[str, Any] = {
        "run": str(folder.path),
        "outcome": outcome,
        "metrics": metrics,
        "steps": ending.step if ending else 0,
        "seconds": ending.seconds if ending else 0.0,
        "samples_per_second": follower.samples_per_second,
    }
    if isinstance(ending, Failed):
        report["error"] = UserError.from_plain(dict(ending.error)).translated()
    return report


def _say_how_it_ended(folder: RunFolder, ending: Ending | None, follower: Follower) -> None:
    name = run_argument(folder.path)
    match ending:
        case Finished():
            if ending.reason.template:
                say(tr(ending.reason))
            time = duration(ending.seconds)
            counts = headline(ending.metrics).removeprefix("validation_")
            shown = [key for key in (f"test_{counts}", f"validation_{counts}") if key in ending.metrics]
            figures = [f"{metric_title(key)} {metric_value(key, ending.metrics[key])}" for key in shown]
            say(tr("Finished after {time}: {figures}.", time=time, figures=", ".join(figures) or "–"))
        case Stopped():
            say(tr("Stopped at step {step}; everything is kept.", step=ending.step))
            say(tr("Go on with it: {command}", command=f"workbench resume {name}"))
        case Failed():
            show_error(UserError.from_plain(dict(ending.error)))
        case None:
            say(tr("Interrupted. Go on with it: {command}", command=f"workbench resume {name}"))
    say(tr("The run is in {folder}", folder=str(folder.path)))
    if folder.best_model() is not None:
        _say_how_to_use(folder, name)


def _say_how_to_use(folder: RunFolder, name: str) -> None:
    from workbench.inference.model_folder import model_of, read_description

    description = read_description(model_of(folder))
    if description["task"] == "next_token":
        say(tr("Write with it: {command}", command=f'workbench generate {name} --prompt "{tr("Once upon a time")}"'))
        return
    files = {"image": tr("image.png"), "text": tr("text.txt"), "series": tr("series.csv")}
    file = files.get(description["inputs"]["kind"], tr("table.csv"))
    say(tr("Predict with it: {command}", command=f"workbench predict {name} {file}"))
