"""The window, which is the command without a name, and what there is instead of it without a display."""

import os
import tempfile
from pathlib import Path

from workbench.commands import system
from workbench.commands.output import say
from workbench.core import paths
from workbench.core.errors import UserError
from workbench.core.files import read_json
from workbench.core.run_folder import RunFolder, all_runs, new_run
from workbench.core.words import mark, tr


def show_window(runs: Path, *, demo: bool) -> int:
    """Show the window until it is closed, and return the exit code.

    Without a display the demo trains in the terminal instead; without the demo a UserError would help nobody, so it is
    said what can be done. Raises UserError when Qt lacks libraries.
    """
    if not system.has_display():
        if demo:
            return demo_in_terminal(runs)
        raise NoDisplay(
            mark("There is no display, so no window can be shown."),
            hint="Without one, {demo} trains a sample in the terminal, {train} trains a recipe, {help} lists the rest.",
            demo="workbench --demo",
            train="workbench train RECIPE.toml",
            help="workbench --help",
        )
    system.require_qt()
    require_place(runs)
    if os.name == "nt" and trains_in_the_window():
        import torch  # noqa: F401 - on Windows its libraries cannot be loaded once Qt's are
    from workbench.gui import app

    return app.run(runs, demo=demo)


def require_place(runs: Path) -> None:
    """Raise NoPlace when no run can be kept under `runs`; a folder that holds runs may be looked at alone."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=runs):
            return
    except OSError as error:
        if runs.is_dir() and all_runs(runs):
            return
        raise NoPlace(
            "The folder of runs {folder} cannot be written to: {reason}.",
            hint="Choose another folder with --runs, or give yourself the right to write there.",
            folder=str(runs),
            reason=error.strerror or str(error),
        ) from error


def trains_in_the_window() -> bool:
    """Return whether the Train page was left with steps that run in the window's own thread."""
    remembered = read_json(paths.state() / "window.json", {})
    try:
        return remembered["training"]["runs_in"] == "worker thread"
    except (KeyError, TypeError):
        return False


class NoDisplay(UserError):
    """There is no display to show a window on: wrong usage here."""

    exit_code = 2


class NoPlace(UserError):
    """There is no folder in which a run could be kept: wrong usage here."""

    exit_code = 2


def demo_in_terminal(runs: Path) -> int:
    """Train the digits sample here and say how to predict with the result."""
    from workbench.commands.in_terminal import train_in_terminal

    say(tr("There is no display: the demo trains in the terminal."))
    return train_in_terminal(demo_run(runs))


def demo_run(runs: Path) -> RunFolder:
    """Return a new run of the demo's recipe under `runs`."""
    from workbench.recipe import read_recipe, title_of, to_toml

    recipe = read_recipe(demo_recipe())
    return new_run(runs, title_of(recipe), to_toml(recipe))


def demo_recipe() -> Path:
    """Return the recipe that the demo trains: the handwritten digits."""
    return paths.resources() / "recipes" / "digits.toml"
