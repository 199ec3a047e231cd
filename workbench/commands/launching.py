"""launch: how a recipe is started on several machines."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.commands import options
from workbench.commands.output import say_beside, say_json
from workbench.core.words import tr


def launch(
    context: typer.Context,
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.toml", help=tr("What to train, and on what."), show_default=False)
    ],
    machines: Annotated[int, typer.Option("--nodes", min=1, help=tr("How many machines."))] = 1,
    processes: Annotated[
        int, typer.Option("--gpus", min=1, help=tr("How many processes on each, with a GPU each where there are any."))
    ] = 1,
    host: Annotated[
        str, typer.Option("--host", metavar="NAME", help=tr("The first machine, which the others ask."))
    ] = "",
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="FOLDER", help=tr("The run, on a disk that all machines see."), show_default=False
        ),
    ] = None,
    slurm: Annotated[bool, typer.Option("--slurm", help=tr("Print a script for sbatch in place of the line."))] = False,
    assignments: options.Assignments = None,
    runs: options.Runs = None,
    as_json: options.Json = False,
) -> None:
    """Print how a recipe is started on several machines, or on several GPUs of one."""
    from workbench.recipe import read_recipe
    from workbench.training.cluster import HOST, launch_of, run_name

    chosen = read_recipe(recipe, assignments or ())
    folder = run or options.runs_folder(context, runs) / run_name(chosen)
    found = launch_of(chosen, recipe.absolute(), folder.absolute(), machines, processes, host)
    changes = tuple(assignments or ())
    if as_json:
        say_json({"torchrun": found.torchrun(changes), "slurm": found.slurm(changes), "run": str(folder.absolute())})
        return
    print(found.slurm(changes) if slurm else found.torchrun(changes))  # noqa: T201 - as it is, to be copied
    if not slurm and machines > 1:
        say_beside(tr("Say this on each of the {count} machines.", count=machines))
        if not host:
            say_beside(tr("{host} is the name of the first of them.", host=HOST))
