"""train and resume: training in the terminal."""

import re
from pathlib import Path
from typing import Annotated

import typer

from workbench.commands import options
from workbench.commands.following import Follower
from workbench.commands.in_terminal import changes_to, open_what_is_unknown, queued, train_in_terminal
from workbench.commands.output import console, say, say_beside, say_json
from workbench.commands.together import train_with_others
from workbench.core.errors import UserError
from workbench.core.events import Preparing
from workbench.core.launched import is_launched
from workbench.core.run_folder import RunFolder, is_run
from workbench.core.words import Words, tr

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
        folder = RunFolder(run.absolute())
        changes = changes_to(folder, recipe, changes, as_json=as_json)
        raise typer.Exit(train_in_terminal(folder, changes, as_json=as_json))
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
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help=tr("Steps that --verify trains; 20."), show_default=False)
    ] = None,
    runs: options.Runs = None,
    as_json: options.Json = False,
) -> None:
    """Go on with a run that was stopped, or give a finished one more epochs."""
    if steps and not verify:
        raise typer.BadParameter(tr("--steps is for --verify. To train on, say --set training.epochs=N."), context)
    folder = options.run_of(context, run, runs)
    if verify and assignments:
        raise typer.BadParameter(tr("--verify and --set exclude each other."), context)
    if verify and fork:
        raise typer.BadParameter(tr("--verify and --fork exclude each other."), context)
    if verify:
        _check_saved(folder)
        raise typer.Exit(_verify(folder, steps or 20, as_json=as_json))
    if fork:
        from workbench.training.forking import fork as forked

        folder, assignments = forked(folder, assignments or ()), None
        say_beside(folder.notes()["note"])
    raise typer.Exit(train_in_terminal(folder, assignments or (), as_json=as_json))


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
