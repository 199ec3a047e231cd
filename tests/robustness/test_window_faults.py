"""Faults that end the window or one of its parts, by their numbers: what the person is told, and what is kept."""

import importlib
import inspect
import json
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QMoveEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

import workbench.gui
from tests.gui.test_main_window import Open, find, start, state
from tests.robustness.window_child import EPOCHS
from workbench.core.errors import UserError
from workbench.core.files import read_json
from workbench.gui.engine_client import Jobs
from workbench.gui.jobs import Trainings
from workbench.gui.notices import Notices

ROOT = Path(__file__).parents[2]
linux = pytest.mark.skipif(sys.platform == "win32", reason="stops and kills processes as Linux does")
_NONE, _LEFT, _NO_KEYS = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
_AT = QPointF(2, 2)


def _mouse(kind: QEvent.Type) -> Callable[[], QEvent]:
    return lambda: QMouseEvent(kind, _AT, _AT, _LEFT, _LEFT, _NO_KEYS)


EVENTS: dict[str, Callable[[], QEvent]] = {
    "paintEvent": lambda: QEvent(QEvent.Type.None_),  # it is repainted
    "resizeEvent": lambda: QResizeEvent(QSize(20, 20), QSize(10, 10)),
    "moveEvent": lambda: QMoveEvent(QPoint(1, 1), QPoint(0, 0)),
    "showEvent": QShowEvent,
    "hideEvent": QHideEvent,
    "mousePressEvent": _mouse(QEvent.Type.MouseButtonPress),
    "mouseReleaseEvent": _mouse(QEvent.Type.MouseButtonRelease),
    "mouseDoubleClickEvent": _mouse(QEvent.Type.MouseButtonDblClick),
    "mouseMoveEvent": _mouse(QEvent.Type.MouseMove),
    "enterEvent": lambda: QEnterEvent(_AT, _AT, _AT),
    "leaveEvent": lambda: QEvent(QEvent.Type.Leave),
    "focusInEvent": lambda: QFocusEvent(QEvent.Type.FocusIn),
    "focusOutEvent": lambda: QFocusEvent(QEvent.Type.FocusOut),
    "keyPressEvent": lambda: QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Down, _NO_KEYS),
    "changeEvent": lambda: QEvent(QEvent.Type.FontChange),
    "wheelEvent": lambda: QWheelEvent(
        _AT, _AT, QPoint(), QPoint(0, 120), _NONE, _NO_KEYS, Qt.ScrollPhase.NoScrollPhase, False
    ),
    "contextMenuEvent": lambda: QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(1, 1), QPoint(1, 1)),
}


def handlers() -> Iterator[tuple[type, str]]:
    """Yield every handler of an event that a widget of ours has of its own."""
    for module in pkgutil.walk_packages(workbench.gui.__path__, "workbench.gui."):
        for kind in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(kind) and issubclass(kind, QWidget) and kind.__module__ == module.name:
                for name in vars(kind):
                    if name in EVENTS:
                        yield kind, name


@pytest.fixture
def no_spares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Jobs, "warm", lambda self: None)
    monkeypatch.setattr(Trainings, "warm", lambda self: None)


@pytest.mark.usefixtures("no_spares")
def test_g1_whatever_handler_raises_it_is_told_and_logged_and_the_window_goes_on(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch, soon: Any
) -> None:
    window, told, tried = open_window(), [], []
    first = start(window, soon, 0.1)
    soon(lambda: state(window) == "finished")
    notices = Notices()
    notices.raised.connect(lambda error: told.append(error) or window.tell(error))
    excepthook = sys.excepthook
    notices.install()
    try:
        for page in window.workspace.pages:
            window.workspace.go(page)
            for kind, name in handlers():
                widget = next((one for one in window.findChildren(kind) if _is_seen(one, kind)), None)
                if widget is None or (kind, name) in tried:
                    continue
                tried.append((kind, name))
                with _raising(kind, name):
                    _happen(widget, name)
                    _run_until(lambda: len(told) >= len(tried))
    finally:
        notices.uninstall()
        sys.excepthook = excepthook
        _run_until(lambda: not window.isVisible(), 0.1)  # what is still to be painted is painted as it should be
    assert len(tried) > 30, "most handlers have an instance somewhere on the pages"
    assert len(told) == len(tried), "each is told, and told once"
    log = notices.path.read_text()
    for (kind, name), error in zip(tried, told, strict=True):
        assert isinstance(error, UserError)
        assert error.translated().startswith("Something unexpected happened: RuntimeError: ")
        assert f"{kind.__name__}.{name} broke." in error.translated()
        assert "You can go on working." in error.translated()
        assert f"{kind.__name__}.{name} broke" in log
    window.workspace.go("train")
    second = start(window, soon, 0.1)  # and the window still does what it is for
    soon(lambda: state(window) == "finished")
    assert second.attempts() == first.attempts() == [1]


def _is_seen(widget: QWidget, kind: type) -> bool:
    return type(widget) is kind and widget.isVisible() and not widget.visibleRegion().isEmpty()


def _happen(widget: QWidget, name: str) -> None:
    """Let the event come as it comes from the system: out of the event loop, and not through a call of ours."""
    if isinstance(widget, QAbstractScrollArea) and name not in (
        "keyPressEvent",
        "changeEvent",
        "showEvent",
        "hideEvent",
    ):
        widget = widget.viewport()
    if name == "paintEvent":
        widget.update()
    else:
        QApplication.postEvent(widget, EVENTS[name]())


def _run_until(condition: Callable[[], bool], seconds: float = 3.0) -> None:
    """Run the event loop as the program does, for at most so long: what tests wait with hands errors on."""
    loop, looking, end = QEventLoop(), QTimer(), QTimer()
    looking.timeout.connect(lambda: condition() and loop.quit())
    looking.start(1)
    end.timeout.connect(loop.quit)
    end.start(int(seconds * 1e3))
    loop.exec()
    looking.stop()
    end.stop()  # a single shot would outlive the loop when its last error holds on to this frame


@contextmanager
def _raising(kind: type, name: str) -> Iterator[None]:
    """Let the handler raise, at a place of its own as every handler is.

    Its code is replaced and not the function, which the bindings look up only once.
    """
    function = vars(kind)[name]
    lines = [
        "class Broken:",
        "    def handler(self, *event):",
        *(f"        {free}" for free in function.__code__.co_freevars),  # the same ones, or Python refuses the code
        f"        raise RuntimeError({f'{kind.__name__}.{name} broke'!r})",
    ]
    names: dict[str, Any] = {}
    exec(compile("\n".join(lines), f"{kind.__name__}.{name}", "exec"), names)
    real, function.__code__ = function.__code__, names["Broken"].handler.__code__
    try:
        yield
    finally:
        function.__code__ = real


def test_g1_no_widget_handles_all_events_above_the_paintings_of_others() -> None:
    """Below `event`, the bindings keep an error until it returns; whatever is painted meanwhile runs into it."""
    sources = (ROOT / "workbench" / "gui").rglob("*.py")
    assert not [path.name for path in sources if re.search(r"def (event|viewportEvent)\(", path.read_text("utf-8"))]


@pytest.mark.usefixtures("no_spares")
def test_g1_what_was_typed_is_saved_before_the_error_is_shown(open_window: Open, soon: Any, own_folders: Path) -> None:
    window = open_window()
    soon(lambda: find(window, "form.training.epochs"))
    find(window, "form.training.epochs").setText("41")
    notices = Notices()
    notices.caught.connect(window.memory.flush)
    notices._caught(RuntimeError, RuntimeError("x"), None)
    assert read_json(own_folders / "state" / "window.json", {})["training"]["epochs"] == 41


def test_g2_a_widget_used_from_another_thread_is_an_error_in_development_and_no_crash() -> None:
    code = """
import sys
from PySide6.QtWidgets import QApplication, QLabel
from PySide6.QtCore import QThread
from workbench.gui.affinity import forbid_widgets
application = QApplication([])
label = QLabel("there")
class Thread(QThread):
    def run(self):
        forbid_widgets()
        try:
            label.setText("touched")
        except AssertionError as error:
            print(error)
thread = Thread(); thread.start(); thread.wait()
print(label.text())
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["QLabel.setText was called from another thread than its own", "there"]
    assert done.returncode == 0


def test_g2_threads_are_made_in_one_file_and_that_knows_no_widget() -> None:
    makers = ("QThread", "QRunnable", "QThreadPool", "import threading", "ThreadPoolExecutor", "QtConcurrent")
    found = {
        path.name: path.read_text("utf-8")
        for path in (ROOT / "workbench" / "gui").rglob("*.py")
        if any(maker in path.read_text("utf-8") for maker in makers)
    }
    assert set(found) == {"jobs.py", "notices.py"}
    assert "QtWidgets" not in found["jobs.py"]
    assert "QtGui" not in found["jobs.py"]
    assert "Thread(" not in found["notices.py"], "it only hears of them"


def child(mode: str, runs: Path, catalogue: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.robustness.window_child", mode, str(runs)]
    environment = {**os.environ, "WORKBENCH_TEST_CATALOGUE": str(catalogue)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def looked_at(runs: Path, catalogue: Path) -> dict[str, Any]:
    """Start again, and return what the window shows."""
    out, errors = child("look", runs, catalogue).communicate(timeout=90)
    assert "Traceback" not in errors, errors
    return json.loads(out)


@linux
@pytest.mark.slow
def test_g4_after_a_native_crash_the_next_start_says_so_and_the_form_is_restored(
    own_folders: Path, catalogue: Path
) -> None:
    runs, log = own_folders / "runs", own_folders / "state" / "last-crash.log"
    with child("crash", runs, catalogue) as process:
        process.communicate(timeout=90)
    assert process.returncode == -signal.SIGSEGV
    shown = looked_at(runs, catalogue)
    assert shown["epochs"] == EPOCHS
    assert shown["page"] == "model"
    (banner,) = shown["banners"]
    assert banner.startswith("Workbench closed unexpectedly last time. Restored: ")
    assert "training settings" in banner
    assert "Segmentation fault" in log.read_text()
    again = looked_at(runs, catalogue)  # that one ended cleanly
    assert again["banners"] == []
    assert again["epochs"] == EPOCHS


@linux
@pytest.mark.slow
def test_g5_killed_two_seconds_after_an_edit_the_form_is_restored(own_folders: Path, catalogue: Path) -> None:
    runs = own_folders / "runs"
    process = child("edit", runs, catalogue)
    assert process.stdout
    assert process.stdout.readline() == "edited\n"
    time.sleep(2.0)  # the fault itself
    process.kill()
    process.communicate()
    shown = looked_at(runs, catalogue)
    assert shown["epochs"] == EPOCHS
    assert shown["banners"][0].startswith("Workbench closed unexpectedly last time. Restored: ")


@pytest.mark.usefixtures("no_spares")
def test_t7_a_training_that_hangs_is_asked_about_and_ended_and_resumed(open_window: Open, soon: Any) -> None:
    window = open_window()
    watchdog = window.workspace.train_desk.watchdog
    assert watchdog.seconds == 60
    folder = start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    pid = window.behind.trainings._threads[folder.name]._trainer.pid  # type: ignore[union-attr]
    if sys.platform != "win32":
        os.kill(pid, signal.SIGSTOP)
    watchdog.seconds = 0.1
    soon(lambda: find(window, "train.still"))
    watchdog.look()
    banner = find(window, "train.still")
    assert "Nothing has come from this training for" in banner.text
    assert "A run that is ended goes on from its last checkpoint." in banner.text
    buttons = {button.text(): button for button in banner.findChildren(QPushButton)}
    assert {"Wait", "Stop and keep", "End its process"} <= set(buttons)
    buttons["End its process"].click()
    soon(lambda: state(window) == "interrupted")
    assert find(window, "train.status").text().startswith("Interrupted at step 10.")
    assert find(window, "train.resume").isVisible()
    assert folder.attempts() == [1]
    soon(lambda: find(window, "train.still") is None)


@pytest.mark.usefixtures("no_spares")
def test_t7_a_training_that_is_waited_for_and_moves_again_is_not_asked_about(open_window: Open, soon: Any) -> None:
    window = open_window()
    watchdog = window.workspace.train_desk.watchdog
    folder = start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    watchdog.seconds = 0.1
    soon(lambda: find(window, "train.still"))
    next(b for b in find(window, "train.still").findChildren(QPushButton) if b.text() == "Wait").click()
    assert watchdog._patience[folder.name] == 0.2, "it is asked again after twice the time"
    soon(lambda: find(window, "train.still"))
    window.behind.trainings.wish(folder.name, "pause")
    soon(lambda: state(window) == "paused")
    soon(lambda: find(window, "train.still") is None)
    QTimer.singleShot(0, window, watchdog.look)
    assert find(window, "train.still") is None, "one that is paused may be still"
