"""From the start of the process to the painted window, against an empty one; and to the demo's first training step."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from tests.benchmarks.measuring import Amount, Figure, Result, Row, in_turns
from workbench.core.run_folder import RunFolder, all_runs
from workbench.core.run_lock import is_held
from workbench.core.run_writer import RECORD

PATIENCE = 60.0  # seconds

# Both say when the first painting of their window is over, and end there.
PAINTED = """
import os, sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, lambda: (os.write(1, b"painted\\n"), os._exit(0)))
        return False

def watched_exec(*arguments, real=QApplication.exec):
    QApplication.instance().installEventFilter(watch)
    return real()

watch = Watch()
QApplication.exec = watched_exec
"""
EMPTY = """
import pyqtgraph
application = QApplication([])
window = QMainWindow()
window.setCentralWidget(pyqtgraph.PlotWidget())
window.resize(1280, 800)
window.show()
application.exec()
"""
OURS = """
from workbench.cli import main
main(["--runs", sys.argv[1]])
"""


def measure(rounds: int) -> Iterator[Result]:
    """Yield the painted window against an empty one, and the time to the first step of the demo."""
    with tempfile.TemporaryDirectory() as place:
        painted(PAINTED + EMPTY, Path(place))  # what is read from the disk for the first time counts for nobody
        painted(PAINTED + OURS, Path(place))
        ours, empty = in_turns(
            rounds, lambda: painted(PAINTED + OURS, Path(place)), lambda: painted(PAINTED + EMPTY, Path(place))
        )
        figure = Figure("Start to the painted window", "empty PySide6 + pyqtgraph window", "ours")
        figure.firsts, figure.seconds = empty, ours
        figure.reach = 1 / 1.5
        yield figure
        steps = [first_step(Path(place) / f"demo-{number}") for number in range(rounds)]
        yield Amount("`workbench --demo` to the first training step on record", "s", steps, at_most=3)


def painted(program: str, place: Path) -> float:
    """Return the seconds from starting a Python with this program to its painted window."""
    began = perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", program, str(place / "runs")], stdout=subprocess.PIPE, env=environment(place)
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = perf_counter() - began
    assert line == b"painted\n", "the window was never painted"
    return seconds


def first_step(place: Path) -> float:
    """Return the seconds from starting the demo to its first step in the run folder; the training is then stopped."""
    runs = place / "runs"
    began = perf_counter()
    command = [sys.executable, "-m", "workbench", "--demo", "--runs", str(runs)]
    with subprocess.Popen(command, env=environment(place)) as process:
        try:
            while not has_stepped(runs):
                assert perf_counter() - began < PATIENCE, "no step in a minute"
                assert process.poll() is None, "the window has closed"
                time.sleep(0.005)
            return perf_counter() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
            for folder in all_runs(runs):
                stop(folder)


def has_stepped(runs: Path) -> bool:
    """Return whether the loss of a first step stands in a run folder under `runs`."""
    return any(path.stat().st_size >= RECORD.itemsize for path in runs.glob("*/attempts/001/scalars/training_loss.bin"))


def stop(folder: RunFolder) -> None:
    """Let the trainer that outlives its window save and stop."""
    end = perf_counter() + PATIENCE
    folder.write_wish("stop")
    while is_held(folder.lock) and perf_counter() < end:
        time.sleep(0.05)


def environment(place: Path) -> dict[str, str]:
    """Return the environment of a window that nobody sees, with folders of its own."""
    own = {f"WORKBENCH_{name}": str(place / name.lower()) for name in ("RUNS", "CACHE", "STATE")}
    return {**os.environ, **own, "QT_QPA_PLATFORM": "offscreen"}


ROW = Row(10, "Start, offscreen: the painted window, and the first training step of the demo", measure)
