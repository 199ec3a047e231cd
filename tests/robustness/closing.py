"""The program as it is started, told to do something and closed at a random instant: `python -m … SEED RUNS`.

Prints a line of JSON when it is asked to close: {"activity", "how", "at"}. What it does by itself afterwards is what is
tried.
"""

import faulthandler
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QTimer

from workbench.core import paths
from workbench.gui import app
from workbench.gui.main_window import MainWindow

LATEST = 9_000  # milliseconds from the window's making to its closing
_LOOK = 20


def nothing(window: MainWindow) -> None:
    """Let it start, and no more."""


def in_a_process(window: MainWindow) -> None:
    window.begin_demo()


def in_the_thread(window: MainWindow) -> None:
    window.behind.draft.checked.connect(
        lambda _: window.workspace.train.set_training({"runs_in": "worker thread", "checkpoint_seconds": 1.0})
    )
    window.begin_demo()


def opening(window: MainWindow) -> None:
    window.workspace.data.open_files([paths.resources() / "samples" / "iris.csv"])


def walking(window: MainWindow) -> None:
    """Look at page after page while the demo trains."""
    window.begin_demo()
    pages = list(window.workspace.pages)

    def step() -> None:
        window.workspace.go(pages[0])
        pages.append(pages.pop(0))

    timer = QTimer(window)
    timer.timeout.connect(step)
    timer.start(60)


def in_chinese(window: MainWindow) -> None:
    """Build everything again in another language while the demo begins."""
    window.begin_demo()
    QTimer.singleShot(700, window, lambda: window.use_language("zh_CN"))


ACTIVITIES: tuple[Callable[[MainWindow], None], ...] = (
    nothing, in_a_process, in_the_thread, opening, walking, in_chinese,
)  # fmt: skip


def main(seed: int, runs: Path) -> int:
    faulthandler.enable()
    chance = Random(seed)
    activity, how = chance.choice(ACTIVITIES), chance.choice(("keep", "stop"))
    at = int(LATEST * chance.random() ** 1.5)  # the beginning more often: there most is under way
    while_training = activity not in (nothing, opening) and chance.random() < 0.6  # counted from where it trains
    made = app.make_window

    def make_window(folder: Path) -> MainWindow:
        window = made(folder)

        def end() -> None:
            line = {"activity": activity.__name__, "how": how, "at": at}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
            window.end(how)

        QTimer.singleShot(0, window, lambda: activity(window))
        if while_training:
            waiting = QTimer(window)

            def look() -> None:
                if window.behind.trainings.live():
                    waiting.stop()
                    QTimer.singleShot(at // 3, window, end)

            waiting.timeout.connect(look)
            waiting.start(_LOOK)
        else:
            QTimer.singleShot(at, window, end)
        return window

    app.make_window = make_window
    return app.run(runs)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
