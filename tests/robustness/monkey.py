"""Someone who presses everything: random actions on the real window while it trains. `python -m … SEED ACTIONS RUNS`.

Prints a line of JSON at the end: {"actions", "trained", "errors", "longest", "gaps", "anew"}.
trained: how many of the actions were done while a run trained; another is begun when none does. errors: exceptions
nobody caught and what Qt complained of. longest: milliseconds of this process's own work between two turns of the event
loop, so that other processes on the machine do not count; gaps: those that were too long, with what was done and how
much of it Python's garbage collector took. anew: the
longest for another theme or language, where everything is drawn or built again.
"""

import faulthandler
import gc
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QContextMenuEvent, QDesktopServices, QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSlider,
    QTabBar,
    QWidget,
)

from workbench.core import paths, words
from workbench.gui import app, theme
from workbench.gui.main_window import MainWindow
from workbench.gui.notices import Notices

_AGAIN = 300  # actions without a run that trains, after which the demo is begun again
_LONG = 250.0  # milliseconds of work after which a person notices
_KEYS = (
    Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Up,
    Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageDown,
    Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_F1, Qt.Key.Key_F2, Qt.Key.Key_F5, Qt.Key.Key_F6,
)  # fmt: skip
TEXTS = (
    "", " ", "0", "-1", "1e999", "nan", "inf", "0.001", "64", "9" * 40, "auto", "all", "\u202eabc", "训练", "a\nb\tc",
    "\0", "../../etc/passwd", "'; DROP TABLE runs; --", "<b>bold</b>", "{name}", "%s%n", "x" * 3_000, "😀" * 20,
)  # fmt: skip
_CAN = Qt.ItemFlag.ItemIsEnabled
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Monkey:
    """Acts on one window until it has acted often enough, then closes it."""

    def __init__(self, window: MainWindow, seed: int, actions: int, place: Path, ended: Callable[[], None]) -> None:
        self.ended = ended
        self.window, self.chance, self.wanted = window, Random(seed), actions
        self.done, self.longest, self.anew = 0, 0.0, 0.0
        self.trained, self.waited = 0, 0  # actions while a run trained; those since the demo was begun again
        self.gaps: list[str] = []
        self._look, self._settled = (theme.current().choice, words.language()), 0
        self.files = _files(place)
        self._latest: deque[str] = deque(maxlen=3)  # what was done last may have its effect a turn later
        self._spent = time.process_time()
        self._collected = self._collecting = 0.0  # seconds of the garbage collector in this turn; when it began
        gc.callbacks.append(self._collects)
        self._timer = QTimer(window)
        self._timer.timeout.connect(self._turn)
        self._timer.start(1)

    def _turn(self) -> None:
        spent = time.process_time()
        took, self._spent = (spent - self._spent) * 1e3, spent
        if self.done:
            self._judge(took)
        self._collected = 0.0
        self.done += 1
        if self.window.behind.trainings.live():
            self.trained, self.waited = self.trained + 1, _AGAIN
        elif self.waited > 0:
            self.waited -= 1
        elif not QApplication.activeModalWidget():
            self._note("demo", self.window)
            self.waited = _AGAIN
            self.window.begin_demo()
        self._act()
        if self.done >= self.wanted:
            self._timer.stop()
            self._spent = time.process_time()
            self.ended()  # a thread that still saves when its time is over ends the process at once
            self.window.end("stop")

    def _judge(self, took: float) -> None:
        look = theme.current().choice, words.language()
        if look != self._look:
            self._look, self._settled = look, self.done + 3
        if self.done < self._settled:
            self.anew = max(self.anew, took)
            return
        self.longest = max(self.longest, took)
        if took > _LONG:
            collected = self._collected * 1e3
            self.gaps.append(
                f"action {self.done}: {took:.0f} ms ({collected:.0f} collecting): {' | '.join(self._latest)}"
            )

    def _collects(self, phase: str, _: object) -> None:
        now = time.process_time()
        if phase == "start":
            self._collecting = now
        else:
            self._collected += now - self._collecting

    def _act(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            self._note("popup", popup)
            if isinstance(popup, QMenu) and popup.actions() and self.chance.random() < 0.5:
                action = self.chance.choice(popup.actions())
                popup.close()
                self._trigger(action)
            else:
                popup.close()
            return
        top = QApplication.activeModalWidget() or self.window
        kind = self.chance.random()
        if kind < 0.03:
            self._note("go", self.window)
            self.window.workspace.go(self.chance.choice(list(self.window.workspace.pages)))
        elif kind < 0.032:
            self._look_otherwise()
        elif kind < 0.05:
            self._drop(self.window.workspace.pages[self.window.workspace.current()])
        else:
            self._touch(top)

    def _look_otherwise(self) -> None:
        match self.chance.randrange(3):
            case 0:
                self._note("theme", self.window)
                self.window.use_theme(self.chance.choice(("light", "dark", "system")))
            case 1:
                self._note("language", self.window)
                self.window.use_language(self.chance.choice(("en", "zh_CN")))
            case _:
                self._note("resize", self.window)
                self.window.resize(self.chance.randrange(1024, 2000), self.chance.randrange(640, 1200))

    def _touch(self, top: QWidget) -> None:
        """Do something to a random widget that can be seen and used."""
        seen = [child for child in top.findChildren(QWidget) if child.isVisible() and child.isEnabled()]
        if not seen:
            QTest.keyClick(top, self.chance.choice(_KEYS))
            return
        widget = self.chance.choice(seen)
        self._note("touch", widget)
        text = self.chance.choice(TEXTS)
        match widget:
            case QMenu():
                return
            case QAbstractButton() if self.chance.random() < 0.6:
                if getattr(widget, "menu", lambda: None)() is not None:
                    self._choose(widget)
                else:
                    widget.click()
            case QLineEdit():
                widget.setFocus()
                QApplication.clipboard().setText(text)
                widget.selectAll()
                widget.paste()
                QTest.keyClick(widget, self.chance.choice(_KEYS))
            case QPlainTextEdit() if not widget.isReadOnly():
                widget.setPlainText(text)
            case QComboBox() if widget.count():
                self._pick(widget)
            case QAbstractSpinBox():
                widget.stepBy(self.chance.randrange(-3, 4))
            case QSlider():
                widget.setValue(self.chance.randint(widget.minimum(), widget.maximum()))
            case QTabBar() if widget.count():
                widget.setCurrentIndex(self.chance.randrange(widget.count()))
            case QAbstractItemView():
                QTest.mouseClick(widget.viewport(), _LEFT, _NONE, self._point(widget))
                QTest.keyClick(widget, self.chance.choice(_KEYS))
            case _:
                self._poke(widget)

    def _pick(self, box: QComboBox) -> None:
        """Pick one of the entries that a person can pick, separators are none."""
        places = [place for place in range(box.count()) if box.model().index(place, 0).flags() & _CAN]
        place = self.chance.choice(places or [0])
        box.setCurrentIndex(place)
        if place == box.currentIndex():
            box.activated.emit(place)

    def _choose(self, widget: Any) -> None:
        """Choose from the menu of a button without its own event loop, which would end in the next turn only."""
        actions = [action for action in widget.menu().actions() if action.isEnabled()]
        if actions:
            self._trigger(self.chance.choice(actions))

    def _trigger(self, action: QAction) -> None:
        self._latest.append(f"action {action.text()}")
        if action.isEnabled():
            action.trigger()

    def _poke(self, widget: QWidget) -> None:
        point = self._point(widget)
        match self.chance.randrange(5):
            case 0:
                QTest.mouseClick(widget, _LEFT, _NONE, point)
            case 1:
                QTest.mouseMove(widget, point)
            case 2:
                QTest.keyClick(widget, self.chance.choice(_KEYS))
            case 3:
                none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
                turn = QPoint(0, self.chance.choice((-120, 120)))
                there = QPointF(widget.mapToGlobal(point))
                QApplication.sendEvent(
                    widget, QWheelEvent(QPointF(point), there, QPoint(), turn, none, _NONE, phase, False)
                )
            case _:
                reason = QContextMenuEvent.Reason.Mouse
                if not isinstance(widget, QLineEdit):
                    QApplication.postEvent(widget, QContextMenuEvent(reason, point, widget.mapToGlobal(point)))

    def _drop(self, widget: QWidget) -> None:
        self._note("drop", widget)
        mime = QMimeData()
        if self.chance.random() < 0.7:
            chosen = self.chance.sample(self.files, self.chance.randrange(1, 3))
            mime.setUrls([QUrl.fromLocalFile(str(path)) for path in chosen])
        else:
            mime.setText(self.chance.choice(TEXTS))
        point, copy = self._point(widget), Qt.DropAction.CopyAction
        enter = QDragEnterEvent(point, copy, mime, _LEFT, _NONE)
        QApplication.sendEvent(widget, enter)
        if enter.isAccepted():
            QApplication.sendEvent(widget, QDropEvent(QPointF(point), copy, mime, _LEFT, _NONE))

    def _point(self, widget: QWidget) -> QPoint:
        return QPoint(self.chance.randrange(max(widget.width(), 1)), self.chance.randrange(max(widget.height(), 1)))

    def _note(self, deed: str, widget: QWidget) -> None:
        self._latest.append(f"{deed} {type(widget).__name__} {widget.objectName()}".strip())


def _files(place: Path) -> list[Path]:
    """Make what someone might drop: sound files, damaged ones, and none at all."""
    place.mkdir(parents=True, exist_ok=True)
    samples = paths.resources() / "samples"
    (place / "noise.png").write_bytes(Random(0).randbytes(500))
    (place / "empty.csv").write_bytes(b"")
    (place / "empty").mkdir(exist_ok=True)
    (place / "recipe.toml").write_text("[data\nkind=")
    odd = [place / name for name in ("noise.png", "empty.csv", "empty", "recipe.toml", "nowhere.zip")]
    return [samples / "iris.csv", samples / "diabetes.csv", samples / "digits", *odd]


def main(seed: int, actions: int, runs: Path) -> int:
    faulthandler.enable()
    errors: list[str] = []
    monkeys: list[Monkey] = []
    made, real_qt_said = app.make_window, Notices._qt_said

    def qt_said(notices: Notices, kind: Any, context: Any, message: str) -> None:
        if message.startswith("This plugin does not support"):
            return  # of a screen that is none
        errors.append(f"Qt: {message}")
        real_qt_said(notices, kind, context, message)

    def make_window(folder: Path) -> MainWindow:
        window = made(folder)
        QTimer.singleShot(0, window, window.begin_demo)

        def begin() -> None:
            if window.behind.trainings.live():
                waiting.stop()
                monkeys.append(Monkey(window, seed, actions, runs.parent / "dropped", lambda: say(errors, monkeys)))

        waiting = QTimer(window)
        waiting.timeout.connect(begin)
        waiting.start(50)
        return window

    Notices._qt_said = qt_said  # type: ignore[method-assign]
    real_caught = Notices._caught

    def caught(notices: Notices, kind: Any, error: BaseException, at: Any) -> None:
        errors.append(f"{kind.__name__}: {error} at {at and at.tb_frame.f_code.co_filename}:{at and at.tb_lineno}")
        real_caught(notices, kind, error, at)

    Notices._caught = caught  # type: ignore[method-assign]
    app.make_window = make_window
    QFileDialog.getOpenFileName = QFileDialog.getSaveFileName = lambda *_, **__: ("", "")  # type: ignore[assignment]
    QFileDialog.getOpenFileNames = lambda *_, **__: ([], "")  # type: ignore[assignment]
    QFileDialog.getExistingDirectory = lambda *_, **__: ""  # type: ignore[assignment]
    QDesktopServices.openUrl = lambda *_: True  # type: ignore[assignment]
    code = app.run(runs)
    say(errors, monkeys)
    return code


def say(errors: list[str], monkeys: list[Monkey]) -> None:
    """Print what came of it so far; the last line counts."""
    line: dict[str, Any] = {"errors": errors[:20]}
    for found in monkeys:
        line |= {
            "actions": found.done,
            "trained": found.trained,
            "longest": found.longest,
            "gaps": found.gaps[:20],
            "anew": found.anew,
        }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
