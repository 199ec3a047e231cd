"""runs: the table of all runs."""

import json

import typer
from rich.table import Table

from workbench.commands import options
from workbench.commands.output import console, duration, metric_title, metric_value, say, say_json
from workbench.core.errors import UserError
from workbench.core.run_folder import all_runs
from workbench.core.run_summary import RunSummary, summarise
from workbench.core.words import mark, tr

STATES = {
    "queued": mark("queued"),
    "running": mark("running"),
    "paused": mark("paused"),
    "stopping": mark("stopping"),
    "finished": mark("finished"),
    "stopped": mark("stopped"),
    "failed": mark("failed"),
    "interrupted": mark("interrupted"),
    "not responding": mark("not responding"),
}


def runs(context: typer.Context, runs: options.Runs = None, as_json: options.Json = False) -> None:
    """List all runs, the newest last."""
    place = options.runs_folder(context, runs)
    found = [summarise(folder) for folder in all_runs(place)]
    if as_json:
        say_json({"runs": [{**summary.to_plain(), "error": _why(summary)} for summary in found]})
        return
    if not found:
        say(tr("There are no runs in {folder}.", folder=str(place)))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (tr("State"), tr("Name"), tr("Data"), tr("Architecture"), tr("Result")):
        table.add_column(title, overflow="fold")
    for title in (tr("Epochs"), tr("Duration")):
        table.add_column(title, justify="right")
    for summary in found:
        table.add_row(*_row(summary))
    console().print(table)


def _why(summary: RunSummary) -> str:
    """Return in a sentence why the run failed, or an empty text."""
    return UserError.from_plain(json.loads(summary.error)).translated() if summary.error else ""


def _row(summary: RunSummary) -> tuple[str, ...]:
    result = ""
    if summary.value is not None:
        result = f"{metric_title(summary.metric)} {metric_value(summary.metric, summary.value)}"
    epochs = f"{summary.epoch}/{summary.epochs}" if summary.epochs else ""
    time = duration(summary.seconds) if summary.seconds else ""
    name = f"{summary.name} ({summary.title})" if summary.title else summary.name  # the name that other commands take
    return tr(STATES[summary.state]), name, summary.data, summary.architecture, result, epochs, time
