"""Flags that several commands take."""

import getpass
import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from workbench.core import passphrases, paths
from workbench.core.locked_run import locked_file
from workbench.core.run_folder import RunFolder, find_run
from workbench.core.words import tr

Json: TypeAlias = Annotated[bool, typer.Option("--json", help=tr("Print one JSON object last, on one line."))]
Runs: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--runs",
        metavar="DIR",
        help=tr("The folder of runs. By default WORKBENCH_RUNS, or runs/ in your data folder."),
        show_default=False,
    ),
]
Run: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help=tr("The folder of a run, or its name."), show_default=False)
]
Assignments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help=tr("Change a setting, such as training.epochs=3."), show_default=False
    ),
]
Device: TypeAlias = Annotated[
    str | None,
    typer.Option("--device", metavar="DEVICE", help=tr("auto, cpu, cuda, cuda:N, mps or xpu."), show_default=False),
]
Data: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--data", metavar="PATH", help=tr("Where the data of the run are now, if they moved."), show_default=False
    ),
]


def runs_folder(context: typer.Context, chosen: Path | None) -> Path:
    """Return the folder of runs: this command's flag, else the program's, else the usual one."""
    given = chosen or (context.find_root().params or {}).get("runs")
    return Path(given).expanduser().absolute() if given else paths.runs()


def run_of(context: typer.Context, name: str, chosen: Path | None) -> RunFolder:
    """Return the run that a person named, with its passphrase asked for if it is encrypted; raises UserError."""
    folder = RunFolder(find_run(name, runs_folder(context, chosen)).path.absolute())
    unlock(folder)
    return folder


def unlock(folder: RunFolder) -> None:
    """Ask for the passphrase of an encrypted run, unless it is known; raises UserError when it is not right."""
    locked = locked_file(folder)
    known = passphrases.known()
    if locked is None or any(passphrases.opens(locked, each) for each in known):
        return
    if not known and sys.stdin.isatty():
        passphrases.remember(getpass.getpass(tr("Passphrase of {run}: ", run=folder.name)))
    passphrases.lock_of(locked)  # says what is wrong
