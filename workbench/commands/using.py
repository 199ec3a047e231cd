"""predict, evaluate and describe: what a network says, how good it is, and what it is made of."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from workbench.commands import options
from workbench.commands.answers import show_evaluation, show_predictions
from workbench.commands.output import console, metric_title, metric_value, say, say_beside, say_json
from workbench.core.errors import UserError
from workbench.core.words import from_plain, tr


def predict(
    context: typer.Context,
    run: options.Run,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help=tr("Files, folders, or - for what comes on standard input, tables and series as CSV."),
            show_default=False,
        ),
    ],
    top: Annotated[
        int, typer.Option("--top", min=1, metavar="K", help=tr("How many labels to list for each input."))
    ] = 5,
    invert: Annotated[bool, typer.Option("--invert", help=tr("Take the negative of every image."))] = False,
    runs: options.Runs = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Say what the best model of a run makes of files, or of what comes on standard input."""
    folder = options.run_of(context, run, runs)
    from workbench.inference.inputs import items_of
    from workbench.inference.predictor import BATCH_SIZE, Item, Predictor

    predictor = Predictor.of_run(folder, device_of(device))
    column = predictor.model.description.get("data", {}).get("text_column", "auto")
    kind = predictor.model.inputs.kind
    with tempfile.TemporaryDirectory(prefix="workbench-") as aside:
        items: list[Item] = []
        for given in inputs:
            if given == "-" and kind in ("image", "text"):
                items.append(Item("-", sys.stdin.buffer.read()))
            elif given == "-":
                items += items_of([_piped(Path(aside))], kind, column, predictor.preprocessing)
            else:
                items += items_of([given], kind, column, predictor.preprocessing)
        with _progress(quiet=len(items) <= BATCH_SIZE) as progress:
            task = progress.add_task(tr("Predicting"), total=len(items))
            told = predictor.predictions(
                items, top, invert=invert, before=lambda done: progress.update(task, completed=done)
            )
            found = list(told)
    plain = [prediction.to_plain() for prediction in found]
    if as_json:
        say_json({"run": str(folder.path), "predictions": plain})
    else:
        show_predictions(plain)
    failed = [prediction for prediction in found if prediction.error]
    if failed and as_json:
        for prediction in failed:
            say_beside(f"{prediction.input}: {prediction.error.translated() if prediction.error else ''}")
    if failed and predictor.model.inputs.kind == "image":
        say_beside(tr("Choose other images: PNG, JPEG, WebP, BMP, TIFF or GIF."))
    raise typer.Exit(1 if failed and len(failed) == len(found) else 0)


def evaluate(
    context: typer.Context,
    run: options.Run,
    data: options.Data = None,
    runs: options.Runs = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Measure the best model of a run on its validation and test splits."""
    folder = options.run_of(context, run, runs)
    from workbench.inference.evaluation import evaluate_run

    with progress_line() as report:
        found = evaluate_run(folder, data=data or "", device=device_of(device), progress=report)
    if as_json:
        say_json({"run": str(folder.path), **found})
        return
    for name, value in found["metrics"].items():
        say(f"{metric_title(name)}: {metric_value(name, value)}")
    split = "test" if "test" in found["splits"] else "validation"
    if split in found["splits"]:
        show_evaluation(found["splits"][split])
    if "not_kept" in found:
        say_beside(tr(found["not_kept"]))


def describe(
    context: typer.Context,
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help=tr("What to train."), show_default=False)],
    inputs: Annotated[
        str | None,
        typer.Option(
            "--inputs",
            metavar="3,224,224",
            help=tr("Shape of one sample, instead of opening the data: channels, height and width, or tokens."),
            show_default=False,
        ),
    ] = None,
    outputs: Annotated[
        int | None,
        typer.Option("--outputs", min=1, metavar="N", help=tr("Number of classes, with --inputs."), show_default=False),
    ] = None,
    assignments: options.Assignments = None,
    as_json: options.Json = False,
) -> None:
    """List the layers of a recipe's network, with their parameters and operations."""
    if (inputs is None) != (outputs is None):
        raise typer.BadParameter(tr("--inputs and --outputs belong together."), context)
    from workbench.engine.model import layers
    from workbench.recipe import read_recipe, task_of, to_plain

    chosen = read_recipe(recipe, assignments or ())
    if inputs is not None and outputs is not None:
        shape = _shape(context, inputs, chosen.data.inputs_kind())
    else:
        shape, outputs = _of_data(chosen)
    tasks = (task,) if (task := task_of(chosen)) else ("classification",)
    found = layers(to_plain(chosen)["architecture"], shape, outputs, tasks)
    if as_json:
        rows = [{**row, "name": str(from_plain(row["name"]))} for row in found["layers"]]
        names = ("task", "inputs", "outputs", "parameters", "flops")
        say_json({**{name: found[name] for name in names}, "layers": rows})
        return
    _show_layers(found)


def device_of(device: str | None) -> str:
    """Return the device that a person named, the CPU when none was; raises UserError for one that is not there."""
    if device in (None, "cpu"):
        return "cpu"
    from workbench.training.devices import chosen_device

    try:
        return str(chosen_device(device or "auto"))
    except (RuntimeError, KeyError):
        raise UserError(
            "{device} is no device.", hint="Choose auto, cpu, cuda, cuda:N, mps or xpu.", device=device
        ) from None


@contextmanager
def progress_line() -> Iterator[Callable[..., None]]:
    """Give what a job reports to, as (stage, done, total) or as a data.Progress, and show it on one line meanwhile."""
    from workbench.engine import reported

    with _progress() as progress:
        task = progress.add_task("", total=None)
        yield reported(
            lambda stage, done, total: progress.update(task, description=tr(stage), total=total or None, completed=done)
        )


def _piped(folder: Path) -> Path:
    """Return a file with the table or the series that comes on standard input, as CSV."""
    file = folder / "input.csv"
    file.write_bytes(sys.stdin.buffer.read())
    return file


def _progress(*, quiet: bool = False) -> Progress:
    errors = console(error=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    return Progress(*columns, console=errors, transient=True, disable=quiet or not errors.is_terminal)


def _shape(context: typer.Context, text: str, kind: str) -> dict[str, Any]:
    """Return inputs as plain values from C,H,W of images, or LENGTH[,VOCABULARY] of texts."""
    try:
        numbers = [int(part) for part in text.replace("x", ",").split(",")]
    except ValueError:
        numbers = []
    wanted = {"image": (3,), "text": (1, 2), "table": (1,), "series": (2,)}.get(kind, (1, 2, 3))
    if len(numbers) not in wanted or min(numbers, default=0) < 1:
        raise typer.BadParameter(tr("{text} is not the shape of a sample, such as 3,224,224.", text=text), context)
    if kind != "text":
        return {"kind": kind or "image", "shape": numbers, "vocabulary": 0}
    return {"kind": kind, "shape": numbers[:1], "vocabulary": numbers[1] if len(numbers) > 1 else 0}


def _of_data(chosen: Any) -> tuple[dict[str, Any], int]:
    """Return what the recipe's data ask for: inputs as plain values, and the number of outputs."""
    from workbench.data import open_data
    from workbench.data.preprocessing import fit

    with _progress() as progress:
        task = progress.add_task("", total=None)
        dataset = open_data(
            chosen.data,
            lambda state: progress.update(task, description=tr(state.stage), total=state.total, completed=state.done),
        )
    inputs = dataset.inputs if dataset.inputs.kind == "image" else fit(dataset, chosen.architecture).inputs
    return inputs.to_plain(), dataset.outputs


def _show_layers(found: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (tr("Layer"), tr("Kind"), tr("Output")):
        table.add_column(title, overflow="fold")
    for title in (tr("Parameters"), tr("FLOPs")):
        table.add_column(title, justify="right")
    for row in found["layers"]:
        name = tr(from_plain(row["name"]))
        output = "×".join(map(str, row["output"]))
        table.add_row(name, row["kind"], output, f"{row['parameters']:,}", f"{row['flops']:,}")
    console().print(table)
    say(tr("{parameters} parameters", parameters=f"{found['parameters']:,}"))
    if found.get("assumed"):
        say(tr(from_plain(found["assumed"])))
