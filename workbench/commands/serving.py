"""serve and tokens: a model as a service, and who may ask it."""

import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from workbench.commands import options
from workbench.commands.output import console, say, say_beside, say_json, say_lines
from workbench.core import access, passphrases, paths
from workbench.core.errors import UserError
from workbench.core.words import tr

if TYPE_CHECKING:
    from workbench.serving.server import Service

_VARIABLE = "WORKBENCH_TOKEN"
_LEAST = 16  # characters of a token that a person chose

File = Annotated[
    Path | None,
    typer.Option(
        "--file", metavar="FILE", help=tr("Where the tokens are kept, instead of your own."), show_default=False
    ),
]


def serve(
    context: typer.Context,
    run: Annotated[
        list[str], typer.Argument(metavar="RUN", help=tr("Runs to serve, each by its name."), show_default=False)
    ],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help=tr("The port, or the next free one."))] = 8000,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            help=tr("The address to listen on: 127.0.0.1, or with --lan every one of this machine."),
            show_default=False,
        ),
    ] = None,
    lan: Annotated[bool, typer.Option("--lan", help=tr("Let other machines ask too."))] = False,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="HOST", help=tr("A name under which it is asked."), show_default=False),
    ] = None,
    file: File = None,
    audit: Annotated[
        Path | None,
        typer.Option("--audit", metavar="FILE", help=tr("Where every request is written down."), show_default=False),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="PEM", help=tr("A certificate, for TLS."), show_default=False),
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="PEM", help=tr("Its key."), show_default=False)] = None,
    until_input_ends: Annotated[bool, typer.Option("--until-input-ends", hidden=True)] = False,
    passphrases_from_input: Annotated[bool, typer.Option("--passphrases-from-input", hidden=True)] = False,
    runs: options.Runs = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Answer over HTTP with the best models of runs, until interrupted."""
    if passphrases_from_input:
        for passphrase in json.loads(sys.stdin.buffer.readline() or b"{}").get("passphrases", ()):
            passphrases.remember(passphrase)
    folders = [options.run_of(context, each, runs) for each in run]
    from workbench.commands.using import device_of
    from workbench.serving.server import Service
    from workbench.serving.server import serve as answer

    if (certificate is None) != (key is None):
        raise typer.BadParameter(tr("--certificate and --key belong together."), context)
    token = os.environ.get(_VARIABLE) or access.fresh()
    if len(token) < _LEAST:
        raise UserError("The token in {variable} is too short.", hint="Take 32 random bytes.", variable=_VARIABLE)
    file = file or access.own_file()
    access.read(file)  # a damaged list is said now
    known = access.Tokens(file)
    known.allow(token)
    service = Service(
        {folder.name: folder for folder in folders}, known, host or ("0.0.0.0" if lan else "127.0.0.1"), port, lan,
        tuple(name or ()), device_of(device), audit or paths.state() / "audit.jsonl", certificate, key,
    )  # fmt: skip

    if until_input_ends:
        threading.Thread(target=_end_with_input, daemon=True).start()
    shown = _Answers(service, token, as_json)
    answer(service, shown.begin, shown.tell)


@dataclass(frozen=True)
class _Answers:
    """What a service says of itself in the terminal, or as JSON to whoever started it."""

    service: "Service"
    token: str
    as_json: bool

    def begin(self, address: str) -> None:
        """Say where it answers, and by which token."""
        if self.as_json:
            say_json({"address": address, "token": self.token, "models": list(self.service.runs)})
            return
        say(tr("Serving at {address}", address=address))
        port = self.service.port
        if port and not address.endswith(f":{port}"):
            say_beside(tr("Port {port} is in use, so the next free one was taken.", port=port))
        if _VARIABLE not in os.environ:
            say(tr("Token: {token}", token=self.token))
        say(tr("What can be asked: {address}/docs", address=address))

    def tell(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Say what was asked and what came of it."""
        if self.as_json:
            say_lines(lines)
        else:
            say_beside("\n".join(map(_shown, lines)))


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help=tr("Whose token it is."), show_default=False)],
    days: Annotated[float, typer.Option("--days", min=0, help=tr("For how long it is valid; 0 is for ever."))] = 0.0,
    per_minute: Annotated[int, typer.Option("--per-minute", min=0, help=tr("Requests a minute; 0 is any number."))] = 0,
    file: File = None,
    as_json: options.Json = False,
) -> None:
    """Make a token and print it: it is kept nowhere and cannot be shown again."""
    made = access.add(file or access.own_file(), name, expires=access.after(days), per_minute=per_minute)
    say_json({"name": name, "token": made}) if as_json else say(made)


def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help=tr("Whose token it is."), show_default=False)],
    file: File = None,
) -> None:
    """Take a token back; services that run refuse it from now on."""
    access.revoke(file or access.own_file(), name)


def listed(file: File = None, as_json: options.Json = False) -> None:
    """List the tokens there are, without the tokens themselves."""
    known = access.read(file or access.own_file())
    if as_json:
        shown = ("name", "expires", "per_minute", "revoked")
        say_json({"tokens": [{fact: getattr(one, fact) for fact in shown} for one in known]})
        return
    if not known:
        say(tr("There are no tokens."))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (tr("Name"), tr("Validity"), tr("Pace")):
        table.add_column(title, overflow="fold")
    for one in known:
        table.add_row(one.name, tr(one.validity()), tr(one.pace()))
    console().print(table)


def _shown(line: Mapping[str, Any]) -> str:
    return f"{line['status']}  {line['seconds'] * 1e3:7.1f} ms  {line['method']} {line['path']} {line['reason']}"


def _end_with_input() -> None:
    """End when whoever started this closes the pipe, by its own end at the latest."""
    sys.stdin.buffer.read()
    os._exit(0)
