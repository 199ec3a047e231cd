"""The program as it is started, with a hand on it: `python -m … MODE RUNS`; its engine has canned answers.

Modes: crash edits a form and dies of a native fault once that is saved; edit edits, says so and waits to be killed;
look says what the window shows, as a line of JSON, and ends.
"""

import faulthandler
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from tests.gui import canned_engine, fake_trainer
from workbench.gui import app, engine_client, jobs
from workbench.gui.main_window import MainWindow
from workbench.gui.widgets.banner import Banner

EPOCHS = "37"
_LOOK_MILLISECONDS = 20
_PATIENCE_MILLISECONDS = 60_000


class Hand:
    """Looks again and again until the form is there, and then does what the mode asks for."""

    def __init__(self, mode: str, window: MainWindow) -> None:
        self.mode, self.window, self.edited = mode, window, False
        self.timer = QTimer(window)
        self.timer.timeout.connect(self.look)
        self.timer.start(_LOOK_MILLISECONDS)
        QTimer.singleShot(_PATIENCE_MILLISECONDS, window, lambda: os._exit(3))

    def look(self) -> None:
        field: Any = self.window.findChild(QWidget, "form.training.epochs")
        if field is None or not self.window.behind.engine.is_running():
            return
        if self.mode == "look":
            self.timer.stop()
            shown = [banner.text for banner in self.window.findChildren(Banner) if banner.isVisible()]
            page = self.window.workspace.current()
            print(json.dumps({"epochs": field.text(), "page": page, "banners": shown}), flush=True)
            self.window.end("keep")
        elif not self.edited:
            self.edited = True
            self.window.workspace.go("model")
            field.setText(EPOCHS)
            print("edited", flush=True)
        elif self.mode == "crash" and f'"epochs": {EPOCHS}' in _read(self.window.memory.path):
            faulthandler._sigsegv()  # type: ignore[attr-defined]


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def main(mode: str, runs: Path) -> int:
    made = app.make_window
    hands = []

    def make_window(folder: Path) -> MainWindow:
        window = made(folder)
        hands.append(Hand(mode, window))
        return window

    app.make_window = make_window
    engine_client.ENGINE = (sys.executable, str(canned_engine.__file__))
    jobs.TRAINER = (sys.executable, str(fake_trainer.__file__))
    return app.run(runs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
