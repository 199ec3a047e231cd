"""personal: what personal data there is in tables and texts, and what would take its place."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from workbench.commands import options
from workbench.commands.output import console, say, say_json
from workbench.core.words import tr


def personal(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help=tr("A table, or a file or folder of texts."), show_default=False)
    ],
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help=tr("Change how the data are read, such as masking.method=hash or masking.columns=name."),
            show_default=False,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Say what personal data there is, and show some of it before and after masking; nothing is written."""
    from workbench.core.settings import overridden
    from workbench.data import recognise
    from workbench.engine import ask

    plain = overridden(recognise(data).model_dump(mode="json"), assignments or ())
    found = ask("masking.preview", {"data": plain})["found"]
    if as_json:
        say_json({"found": found})
        return
    there = [one for one in found if one["count"]]
    if not there:
        say(tr("No mail address, number or IP address was found."))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(tr("Setting"))
    table.add_column(tr("What it takes out"))
    table.add_column(tr("Found"), justify="right")
    table.add_column(tr("Before"), overflow="fold")
    table.add_column(tr("After"), overflow="fold")
    for one in there:
        examples = one["examples"] or [["", ""]]
        before, after = (Text("\n".join(pair[side] for pair in examples)) for side in (0, 1))
        table.add_row(f"masking.{one['name']}", tr(one["title"]), f"{one['count']:,}", before, after)
    console().print(table)
