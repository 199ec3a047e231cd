"""A run is a folder: its layout, its name, its notes and the window's wishes.

Events are written by run_writer and read by run_reader.
"""

import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from workbench.core.errors import UserError
from workbench.core.files import read_json, write_atomically, write_json
from workbench.core.words import mark

Wanted = Literal["run", "pause", "stop"]


@dataclass(frozen=True)
class Wish:
    """What the window wants of a trainer: for one attempt, with a rising number; `save` counts asked-for saves."""

    attempt: int
    number: int
    wanted: Wanted
    save: int = 0


@dataclass(frozen=True)
class RunFolder:
    """The places in a run's folder."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def asked(self) -> Path:
        """What a person asked for, before anything was measured; a queued run has nothing else."""
        return self.path / "asked.toml"

    @property
    def recipe(self) -> Path:
        return self.path / "recipe.toml"

    @property
    def environment(self) -> Path:
        return self.path / "environment.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def heartbeat(self) -> Path:
        return self.path / "heartbeat"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def models(self) -> Path:
        return self.path / "models"

    @property
    def evaluation(self) -> Path:
        return self.path / "evaluation"

    def attempt(self, number: int) -> Path:
        """Return the folder of an attempt, counted from 1."""
        return self.path / "attempts" / f"{number:03d}"

    def attempts(self) -> list[int]:
        """Return the numbers of the attempts there are, in order."""
        found = (self.path / "attempts").glob("[0-9][0-9][0-9]*")
        return sorted(int(folder.name) for folder in found if folder.name.isdigit())

    def best_model(self) -> Path | None:
        """Return the folder of the model that gets used: the best so far, else the newest, or None."""
        named = _group(self.models / "best.json").get("name", "")
        if named and (self.models / named / "model.safetensors").is_file():
            return self.models / named
        return next(iter(reversed(self._folders(self.models))), None)

    def newest_checkpoints(self) -> list[Path]:
        """Return the folders of the checkpoints, newest first."""
        return self._folders(self.checkpoints)[::-1]

    def _folders(self, place: Path) -> list[Path]:
        """Sort by attempt, then step: a rewound attempt is newer than what it left behind."""
        found = [(match, folder) for folder in place.glob("step-*") if (match := _STEP.fullmatch(folder.name))]
        return [folder for _, folder in sorted(found, key=lambda item: (int(item[0][2]), int(item[0][1])))]

    def notes(self) -> dict[str, Any]:
        """Return name, tags and note, which belong to the person."""
        return {"name": "", "tags": [], "note": "", **_group(self.path / "notes.json")}

    def write_notes(self, **changed: Any) -> None:
        """Change some of name, tags and note."""
        write_json(self.path / "notes.json", {**self.notes(), **changed})

    def wish(self) -> Wish | None:
        """Return the window's newest wish, or None; a damaged file is no wish."""
        plain = _group(self.path / "control.json")
        try:
            return Wish(**plain) if plain else None
        except TypeError:
            return None

    def write_wish(self, wanted: Wanted, *, save: bool = False) -> Wish:
        """Ask the newest attempt for something, and return the wish, whose number the trainer will answer."""
        before = self.wish()
        number, saves = (before.number, before.save) if before else (0, 0)
        wish = Wish((self.attempts() or [1])[-1], number + 1, wanted, saves + save)
        write_json(self.path / "control.json", asdict(wish))
        return wish


def _group(path: Path) -> dict[str, Any]:
    plain = read_json(path, {})
    return plain if isinstance(plain, dict) else {}


def folder_name(step: int, attempt: int) -> str:
    """Return the name of a checkpoint's or model's folder."""
    return f"step-{step:08d}-a{attempt:03d}"


_STEP = re.compile(r"step-(\d+)-a(\d+)")


def new_run(runs: Path, title: str, recipe: str, notes: Mapping[str, Any] | None = None) -> RunFolder:
    """Make the folder of a run that waits to start; its name says when and what.

    recipe: what was asked for, as TOML.

    Raises UserError when the folder of runs cannot be written to.
    """
    words = re.sub(r"[^\w]+", "-", title).strip("-").lower()[:60] or "run"
    stem = f"{datetime.now():%Y-%m-%d_%H%M%S}_{words}"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        while True:
            path = runs / f"{stem}_{''.join(secrets.choice('abcdefghijkmnpqrstuvwxyz23456789') for _ in range(4))}"
            try:
                path.mkdir()
                break
            except FileExistsError:
                continue
        folder = RunFolder(path)
        write_atomically(folder.asked, recipe)
        if notes:
            folder.write_notes(**notes)
    except OSError as error:
        raise UserError(
            "The folder of runs {folder} cannot be written to: {reason}.",
            hint="Choose another folder with --runs, or give yourself the right to write there.",
            folder=str(runs),
            reason=error.strerror or str(error),
        ) from error
    return folder


def find_run(name: str, runs: Path) -> RunFolder:
    """Return the run that `name` means: a folder, the name of one under `runs`, or its end, as lists show it.

    Raises UserError if none is, or several.
    """
    for path in (Path(name), runs / name):
        if is_run(path):
            return RunFolder(path)
    if Path(name).is_dir():
        raise UserError(
            "{name} is not a run: it has no recipe.",
            hint="Give the folder of a run, or its name. {command} lists the runs.",
            name=name,
            command="workbench runs",
        )
    ending = "_" + "_".join(name.split())
    called = [run for run in all_runs(runs) if run.name.endswith(ending)]
    if len(called) == 1:
        return called[0]
    if called:
        raise UserError(
            "{count} runs are called {name}.",
            hint=mark("Give its whole name. {command} lists the runs."),
            count=len(called),
            name=name,
            command="workbench runs",
        )
    raise UserError(
        "There is no run called {name}.", hint=mark("{command} lists the runs."), name=name, command="workbench runs"
    )


def is_run(path: Path) -> bool:
    """Return whether the folder at `path` is a run."""
    return (path / "recipe.toml").is_file() or (path / "asked.toml").is_file()


def all_runs(runs: Path) -> list[RunFolder]:
    """Return every run under `runs`, oldest first."""
    if not runs.is_dir():
        return []
    return [RunFolder(path) for path in sorted(runs.iterdir()) if path.name[0] != "." and is_run(path)]


def discard(folder: RunFolder, into: Path) -> Path:
    """Move the run into the folder `into`, from where it can come back, and return its place there."""
    into.mkdir(parents=True, exist_ok=True)
    return Path(shutil.move(folder.path, into / folder.name))
