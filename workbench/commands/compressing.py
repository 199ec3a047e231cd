"""compress: a run's model in fewer bits, as a run of its own."""

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.commands import options
from workbench.commands.output import metric_title, metric_value, say, say_beside, say_json
from workbench.commands.using import device_of, progress_line
from workbench.core.words import tr


def compress(
    context: typer.Context,
    run: options.Run,
    to: Annotated[
        str,
        typer.Option("--to", metavar="FORMAT", help=tr("int8, int8-dynamic, bfloat16 or float16."), show_default=False),
    ],
    data: options.Data = None,
    runs: options.Runs = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Keep the weights of a run's best model in fewer bits, as a new run, and measure that."""
    folder = options.run_of(context, run, runs)
    from workbench.inference.model_folder import model_of, read_description
    from workbench.training.compressing import compress as made_of

    with progress_line() as report:
        made = made_of(folder, to, data=data or "", device=device_of(device), progress=report)
    model, before = model_of(made), model_of(folder)
    description, size, size_before = read_description(model), _size(model), _size(before)
    plain: dict[str, Any] = {"run": str(made.path), "made_of": str(folder.path), "to": to}
    plain |= {"metrics": description["metrics"], "narrow_share": description["narrow_share"]}
    plain |= {"size": size, "size_before": size_before}
    if as_json:
        say_json(plain)
        return
    say(str(made.path))
    share = f"{description['narrow_share']:.0%}"
    say(tr("{share} of its numbers are kept in {format}.", share=share, format=to))
    say(
        tr(
            "The weights take {size} instead of {before} MB.",
            size=f"{size / 1e6:,.2f}",
            before=f"{size_before / 1e6:,.2f}",
        )
    )
    for name, value in description["metrics"].items():
        say(f"{metric_title(name)}: {metric_value(name, value)}")
    say_beside(tr("{command} holds it against the original.", command=f"workbench compare {folder.name} {made.name}"))


def _size(model: Path) -> int:
    return (model / "model.safetensors").stat().st_size
