"""doctor: what was found on this machine, and why a GPU is not used."""

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import workbench
from workbench.commands import options, requirements, system
from workbench.commands.output import console
from workbench.core import paths
from workbench.core.debug_bundle import bundle_name, write_bundle
from workbench.core.errors import UserError
from workbench.core.words import Words, from_plain, tr

_SECONDS = 120
_QT = "import PySide6.QtCore as core, PySide6.QtWidgets; print(core.__version__)"
_TORCH = "import torch; print(torch.__version__)"


def doctor(
    context: typer.Context,
    runs: options.Runs = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            metavar="PATH",
            help=tr("Also pack log, versions, recipes and events into this file, without data and without secrets."),
            show_default=False,
        ),
    ] = None,
) -> None:
    """Say what was found: Python, Qt, torch, devices and folders, and why a GPU is not used."""
    answers, folder, lines = console(), options.runs_folder(context, runs), []
    place = _place(bundle.expanduser().absolute()) if bundle else None
    if place and place.exists():
        raise UserError("{path} is there already.", hint="Choose a new file.", path=str(place))
    for title, text in findings(folder):
        lines.append(f"{title:<12} {text}")
        answers.print(lines[-1], soft_wrap=True)
    if place:
        write_bundle(place, folder, "\n".join(lines) + "\n")
        answers.print(tr("The debug bundle is {path}.", path=str(place)), soft_wrap=True)


def _place(wanted: Path) -> Path:
    """Return the file that is meant: a folder gets a bundle of its own."""
    return wanted / bundle_name() if wanted.is_dir() else wanted


def findings(runs: Path) -> Iterator[tuple[str, str]]:
    """Yield what was looked at and what was found, both translated, as soon as it is known."""
    yield "Workbench", f"{workbench.__version__} ({Path(workbench.__file__).parent})"
    yield "Python", f"{platform.python_version()} ({sys.executable}), {platform.platform()}"
    yield "Qt", _qt()
    yield "torch", _imported(_TORCH)
    yield tr("Packages"), _packages()
    yield "SQLite", sqlite3.sqlite_version
    yield from _devices()
    yield tr("Display"), _display()
    yield tr("Runs"), _folder(runs)
    yield tr("Cache"), _folder(paths.cache())


def _packages() -> str:
    wrong = requirements.mismatches()
    if not wrong:
        return tr("they go together")
    named = "; ".join(f"{name} {installed or '–'} ({needed})" for name, installed, needed in wrong)
    return tr("{packages}; {line}", packages=named, line=requirements.install_line(wrong))


def _imported(code: str) -> str:
    """Return what Python prints for `code` in a process of its own, or why it could not; a crash there is no harm."""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return tr("could not be imported: no answer within {seconds} seconds", seconds=_SECONDS)
    if done.returncode == 0:
        return done.stdout.strip()
    last = next(iter(reversed(done.stderr.strip().splitlines())), tr("exit code {code}", code=done.returncode))
    return tr("could not be imported: {reason}", reason=last)


def _qt() -> str:
    found = _imported(_QT)
    missing = system.missing_libraries()
    if not missing:
        return found
    lacking = tr("{libraries} are missing", libraries=", ".join(missing))
    return f"{found}; {lacking}: {system.install_line(missing)}"


def _devices() -> Iterator[tuple[str, str]]:
    try:
        found = _asked("devices.list")
    except UserError as error:
        yield tr("Devices"), error.translated()
        return
    for device in found["devices"]:
        memory = f"{device['memory'] / 1e9:.1f} GB"
        cores = tr(", {count} cores", count=device["cores"]) if "cores" in device else ""
        yield tr("Device"), f"{device['name']}: {device['title']}{cores}, {memory}"
    if why := tr(from_plain(found["why"])):
        yield tr("GPU"), tr("Not used. {why}", why=why)


def _asked(name: str) -> Any:
    """Return what an engine of its own answers: if torch brings it down, this process lives."""
    question = json.dumps({"id": 1, "name": name}) + "\n"
    command = [sys.executable, "-m", "workbench.engine"]
    try:
        done = subprocess.run(command, input=question, capture_output=True, text=True, timeout=_SECONDS)
        answer = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError) as error:
        raise UserError("The engine does not answer.", details=str(error)) from error
    if "error" in answer:
        raise UserError.from_plain(answer["error"])
    return answer["answer"]


def _display() -> str:
    if not system.has_display():
        return tr("none; commands work all the same")
    named = next((os.environ[name] for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)), "")
    return named or os.environ.get("QT_QPA_PLATFORM", "") or tr("there is one")


def _folder(folder: Path) -> str:
    """Return the place with its free space, or why it cannot be written to."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
        free = shutil.disk_usage(existing).free
    except OSError as error:
        reason = Words(
            "{folder} cannot be written to: {reason}", {"folder": str(folder), "reason": error.strerror or ""}
        )
        return tr(reason)
    return tr("{folder}, {free} GB free", folder=str(folder), free=f"{free / 1e9:.1f}")
