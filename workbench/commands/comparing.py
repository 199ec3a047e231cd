"""compare: how good, how large and how fast the models of several runs are, on the same test set."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from workbench.commands import options
from workbench.commands.output import console, metric_title, metric_value, say, say_json
from workbench.commands.using import device_of, progress_line
from workbench.core.words import plural, tr

_MOST = 10  # samples that are listed


def compare(
    context: typer.Context,
    run: Annotated[
        list[str],
        typer.Argument(metavar="RUN", help=tr("The folders of runs, or their names; two or more."), show_default=False),
    ],
    data: options.Data = None,
    runs: options.Runs = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Hold the best models of runs against each other on the test split of the first."""
    folders = [options.run_of(context, name, runs) for name in run]
    from workbench.inference.comparing import compare as compared

    with progress_line() as report:
        found = compared(folders, data=data or "", device=device_of(device), progress=report)
    if as_json:
        for sample in found["disagreements"]:
            sample.pop("picture", None)
        say_json(found)
        return
    _show_table(found)
    if found["disagreeing"] is not None:
        say()
        if found["disagreeing"]:
            say(tr("They do not all say the same of {count} of {all}.", count=found["disagreeing"], all=found["count"]))
        else:
            say(tr("They say the same of all {count}.", count=found["count"]))
    _show_disagreements(found["disagreements"])


def _show_table(found: Mapping[str, Any]) -> None:
    names = [name for name in found["rows"][0]["metrics"] if name != "loss"] or ["loss"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(tr("Run"), overflow="fold")
    titles = [metric_title(f"{found['split']}_{names[0]}"), tr("kB"), tr("Zipped kB"), tr("Weights"), tr("Not zero")]
    for title in (*titles, tr("Half within ms"), tr("99 % within ms"), tr("Samples a second")):
        table.add_column(title, justify="right")
    for row in found["rows"]:
        table.add_row(
            row["name"],
            metric_value(f"{found['split']}_{names[0]}", row["metrics"][names[0]]),
            *(f"{row[name] / 1e3:,.1f}" for name in ("size", "packed")),
            *(f"{row[name]:,}" for name in ("parameters", "nonzero")),
            *(f"{row[name] * 1e3:,.3f}" for name in ("p50", "p99")),
            f"{row['throughput']:,.0f}",
        )
    console().print(table)


def _show_disagreements(samples: Sequence[Mapping[str, Any]]) -> None:
    if not samples:
        return
    say()
    say(plural(min(len(samples), _MOST), "Where they differ most:", "The {count} samples where they differ most:"))
    for sample in samples[:_MOST]:
        answers = " | ".join(
            answer["label"] + (f" ({answer['score']:.0%})" if answer["score"] is not None else "")
            for answer in sample["answers"]
        )
        said = tr("{name} is {truth}: {answers}", name=sample["name"], truth=sample["truth"], answers=answers)
        say(f"  {said}")
