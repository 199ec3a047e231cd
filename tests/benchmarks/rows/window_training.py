"""A window in which a training is watched: how late its event loop turns, and what the window costs the training."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from tests.benchmarks.measuring import Amount, Figure, Result, Row
from tests.benchmarks.rows.start import environment
from workbench.core.paths import resources

SECONDS = 15.0  # that the window is watched for
TICK = 5  # milliseconds
CLICK = 1000  # milliseconds from one page to the next
EPOCHS = 300
KEYS = ("p99", "most")
PAGES = ("train", "model", "train", "runs", "train", "data", "train", "try", "train", "share")


def measure(rounds: int) -> Iterator[Result]:
    """Yield how late the turns of the window are, idle and while it trains, and what the training loses."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        number = iter(range(10**6))
        idle, busy = [], []
        for _ in range(rounds):
            idle.append(looked_at(folder / f"{next(number)}", "idle"))
            busy.append(looked_at(folder / f"{next(number)}", "train"))
        for what, rows, limits in (("idle", idle, (0, 0)), ("training, pages clicked through", busy, (5, 30))):
            for name, key, limit in zip(
                ("99 of 100 turns are late by less than", "latest turn"), KEYS, limits, strict=True
            ):
                yield Amount(f"Window, {what}: {name}", "ms", [row[key] for row in rows], at_most=limit)
        alone = [command(folder / f"alone-{turn}") for turn in range(rounds)]
        beside = [row["seconds"] for row in busy]
        figure = Figure("Seconds of training", "workbench train, no window", "watched in the window", reach=0.95)
        figure.firsts, figure.seconds = alone, beside
        yield figure


def looked_at(place: Path, how: str) -> dict[str, float]:
    """Return what a window in a process of its own found: p99 and most late turn, and seconds of the training."""
    command = [sys.executable, "-m", "tests.benchmarks.rows.window_training", str(place / "runs"), how]
    done = subprocess.run(command, env=environment(place), capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def command(place: Path) -> float:
    """Return the seconds of the same training from the command line, by its own clock."""
    line = [sys.executable, "-m", "workbench", "train", str(resources() / "recipes" / "digits.toml"), "--json"]
    line += ["--set", f"training.epochs={EPOCHS}", "--runs", str(place / "runs")]
    done = subprocess.run(line, env=environment(place), capture_output=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def main(runs: Path, how: str) -> None:
    """Show the window, train in it when `how` is "train", and print what was found as a line of JSON."""
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QApplication

    from workbench.core.events import Finished
    from workbench.core.run_folder import new_run
    from workbench.gui.app import make_window

    application = QApplication([])
    window = make_window(runs)
    window.show()
    until(application, lambda: bool(window.behind.catalogue))
    pages = window.workspace
    if how == "train":
        recipe = (resources() / "recipes" / "digits.toml").read_text("utf-8")
        recipe = recipe.replace("epochs = 20", f"epochs = {EPOCHS}")
        folder = new_run(runs, "digits", recipe)
        window.behind.trainings.submit(folder)
        pages.go("train")
        until(application, lambda: pages.train.plots.points() > 0)
    for name in dict.fromkeys(PAGES):  # a page is built and laid out when it is first shown
        pages.go(name)
        rest(application, 0.5)
    pages.go("train")
    rest(application, 2.0)
    late, last = [], [perf_counter()]

    def turned() -> None:
        now = perf_counter()
        late.append((now - last[0]) * 1e3 - TICK)
        last[0] = now

    tick, click, at = QTimer(), QTimer(), iter(PAGES * 10_000)
    tick.setTimerType(Qt.TimerType.PreciseTimer)
    tick.timeout.connect(turned)
    click.timeout.connect(lambda: pages.go(next(at)) if how == "train" else None)
    last[0] = perf_counter()
    tick.start(TICK)
    click.start(CLICK)
    rest(application, SECONDS)
    tick.stop()
    click.stop()
    found = {"p99": float(np.percentile(late, 99)), "most": max(late), "seconds": 0.0}
    if how == "train":
        until(application, lambda: isinstance(pages.train.progress().ending, Finished))
        ending = pages.train.progress().ending
        assert isinstance(ending, Finished)
        found["seconds"] = ending.seconds
    print(json.dumps(found), flush=True)
    window.end("stop")
    os._exit(0)


def until(application: object, known: Callable[[], bool]) -> None:
    """Let the event loop run until something is so."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, look = QEventLoop(), QTimer()
    look.timeout.connect(lambda: loop.quit() if known() else None)
    look.start(50)
    loop.exec()


def rest(application: object, seconds: float) -> None:
    """Let the event loop run for so long."""
    end = perf_counter() + seconds
    until(application, lambda: perf_counter() > end)


ROW = Row(7, "The window beside its training, offscreen: turns of its event loop, and what the training loses", measure)

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
