"""train and resume: training in the terminal."""

import re
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.commands import options
from workbench.commands.following import Follower
from workbench.commands.output import (
    console,
    duration,
    metric_title,
    metric_value,
    run_argument,
    say,
    say_beside,
    say_json,
    show_error,
)
from workbench.commands.together import train_with_others
from workbench.core.errors import UserError
from workbench.core.events import Ending, Event, Failed, Finished, Preparing, Started, Stopped
from workbench.core.launched import is_launched
from workbench.core.run_folder import RunFolder, is_run, new_run
from workbench.core.run_summary import headline
from workbench.core.words import Words, tr

if TYPE_CHECKING:
    from workbench.training.distributed import Group

INTERRUPTED = 130
_DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")


def train(
    context: typer.Context,
    recipe: Annotated[
        Path | None, typer.Argument(metavar="RECIPE.toml", help=tr("What to train, and on what."), show_default=False)
    ] = None,
    assignments: options.Assignments = None,
    runs: options.Runs = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="FOLDER", help=tr("Start this run, or go on with it."), show_default=False),
    ] = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Train a recipe and show how it goes."""
    if device and not _DEVICE.fullmatch(device):
        raise typer.BadParameter(tr("{device} is no device.", device=device), context, param_hint="--device")
    if run and runs:
        raise typer.BadParameter(tr("--run and --runs exclude each other."), context)
    changes = [*(assignments or ()), *([f"training.device={device}"] if device else ())]
    if is_launched():
        raise typer.Exit(train_with_others(recipe, changes, run, as_json=as_json))
    if run and is_run(run):
        if device == "auto":
            changes.pop()  # what it meant here was decided at the first start
        raise typer.Exit(train_in_terminal(RunFolder(run.absolute()), changes, as_json=as_json))
    if recipe is None:
        raise typer.BadParameter(tr("A recipe is needed: workbench train RECIPE.toml"), context)
    open_what_is_unknown(recipe, changes, as_json=as_json)
    folder = queued(recipe, changes, options.runs_folder(context, runs), run)
    raise typer.Exit(train_in_terminal(folder, as_json=as_json, keep=bool(run) or as_json))


def resume(
    context: typer.Context,
    run: options.Run,
    assignments: options.Assignments = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help=tr("Only check what is saved, and whether the same steps, trained twice, come out identical."),
        ),
    ] = False,
    fork: Annotated[
        bool,
        typer.Option(
            "--fork",
            help=tr(
                "Go on as a new run, with the settings of --set; a run that diverged gets a tenth of its learning rate "
                "when there are none. The old run stays as it is."
            ),
        ),
    ] = False,
    steps: Annotated[int, typer.Option("--steps", min=1, help=tr("Steps that --verify trains."))] = 20,
    runs: options.Runs = None,
    as_json: options.Json = False,
) -> None:
    """Go on with a run that was stopped, or give a finished one more epochs."""
    folder = options.run_of(context, run, runs)
    if verify and assignments:
        raise typer.BadParameter(tr("--verify and --set exclude each other."), context)
    if verify and fork:
        raise typer.BadParameter(tr("--verify and --fork exclude each other."), context)
    if verify:
        _check_saved(folder)
        raise typer.Exit(_verify(folder, steps, as_json=as_json))
    if fork:
        from workbench.training.forking import fork as forked

        folder, assignments = forked(folder, assignments or ()), None
        say_beside(folder.notes()["note"])
    raise typer.Exit(train_in_terminal(folder, assignments or (), as_json=as_json))


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
    if run.is_dir() and any(run.iterdir()):
        raise UserError("{folder} is not empty, and not a run.", hint="Choose another folder.", folder=str(run))
    made = new_run(run.absolute().parent, title_of(chosen), to_toml(chosen))
    if run.is_dir():
        run.rmdir()
    return RunFolder(made.path.rename(run.absolute()))


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
        say(tr("Predict with it: {command}", command=f"workbench predict {name} {_example(folder)}"))


def _example(folder: RunFolder) -> str:
    from workbench.inference.model_folder import model_of, read_description

    kind = read_description(model_of(folder))["inputs"]["kind"]
    return {"image": tr("image.png"), "text": tr("text.txt"), "series": tr("series.csv")}.get(kind, tr("table.csv"))


def _verify(folder: RunFolder, steps: int, *, as_json: bool) -> int:
    """Train the same steps twice, say whether they are identical and why not, and return the exit code."""
    from workbench.training.verifying import verify_resume

    with Follower(console(error=as_json)) as follower:
        found = verify_resume(folder, lambda at: follower.show(Preparing(at.stage, at.done, at.total)), steps)
    tell = say_beside if as_json else say
    tell(tr(found.verdict()))
    if found.tensors:
        tell(tr("The first that differ: {tensors}.", tensors=", ".join(found.tensors)))
    for note in found.notes:
        tell(tr(note))
    if as_json:
        say_json({**found.to_plain(), "verdict": tr(found.verdict()), "notes": [tr(note) for note in found.notes]})
    return 0 if found.identical and not found.unlike else 1


def _check_saved(folder: RunFolder) -> None:
    """Check all checkpoints and models; say what is damaged, and refuse when no checkpoint is sound."""
    from workbench.core.sealed import check_sealed

    checkpoints = folder.newest_checkpoints()
    models = [path for path in sorted(folder.models.glob("step-*")) if path.is_dir()]
    damaged: list[tuple[Path, Words]] = []
    for path in (*checkpoints, *models):
        try:
            check_sealed(path)
        except UserError as error:
            damaged.append((path, error.message))
            say_beside(tr(error.message))
    if checkpoints and all(path in [place for place, _ in damaged] for path in checkpoints):
        raise UserError(
            "No checkpoint of {run} is sound: {reason}",
            hint="Start a new run with its recipe.",
            run=folder.name,
            reason=damaged[0][1],
        )
    say_beside(
        tr(
            "Checked: {sound} of {count} are sound.",
            sound=len(checkpoints) + len(models) - len(damaged),
            count=len(checkpoints) + len(models),
        )
    )
