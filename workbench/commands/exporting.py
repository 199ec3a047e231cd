"""export: a run's model in a form that other programs take."""

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands import options
from workbench.commands.output import say, say_beside, say_json
from workbench.core.words import tr


def export(
    context: typer.Context,
    run: options.Run,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="FORM", help=tr("onnx, pytorch, torch-program, hugging-face or script."), show_default=False
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help=tr("The new folder to write."), show_default=False)
    ],
    runs: options.Runs = None,
    as_json: options.Json = False,
) -> None:
    """Write a run in a form that other programs take, its best model or its training, and compare it with the run."""
    folder = options.run_of(context, run, runs)
    from workbench.export.exporting import export as write

    def report(stage: Any, *_: int) -> None:
        say_beside(tr(stage))

    found = write(folder, to, out.expanduser().absolute(), report)
    if as_json:
        say_json({"run": str(folder.path), "to": to, **found.to_plain()})
        return
    say(str(found.path))
    say(tr(found.comparison.said))
