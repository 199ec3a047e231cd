"""A person at the window: finds things by their object names, types, clicks, drops, and waits for what appears."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QComboBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from workbench.core.run_folder import RunFolder
from workbench.gui.app import make_window
from workbench.gui.main_window import MainWindow

PATIENCE = 120_000  # milliseconds: a machine that runs other tests beside this one is slow


class Person:
    def __init__(self, qtbot: QtBot, runs: Path) -> None:
        self.qtbot = qtbot
        self.runs = runs
        self.window: MainWindow = make_window(runs)
        qtbot.addWidget(self.window, before_close_func=lambda window: window.end("stop"))
        self.window.show()
        self.waits(lambda: bool(self.window.behind.catalogue))

    def waits(self, condition: Callable[[], Any], milliseconds: int = PATIENCE) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=milliseconds)

    def find(self, name: str) -> Any:
        found = self.window.findChild(QWidget, name)
        assert found is not None, f"there is no {name}"
        assert found.accessibleName(), f"{name} has no accessible name"
        return found

    def click(self, name: str) -> None:
        widget = self.find(name)
        assert isinstance(widget, QAbstractButton)
        assert widget.isVisible(), f"{name} cannot be seen"
        assert widget.isEnabled(), f"{name}: {widget.toolTip()}"
        widget.click()

    def sets(self, name: str, value: Any) -> None:
        widget = self.find(name)
        match widget:
            case QLineEdit():
                widget.setText(str(value))
            case QComboBox():
                widget.setCurrentText(str(value))
            case QCheckBox():
                widget.setChecked(value)
            case QPlainTextEdit():
                widget.setPlainText(value)
            case _:
                raise AssertionError(f"{name} takes no value")

    def chooses(self, name: str, text: str) -> None:
        box = self.find(name)
        place = box.findText(text)
        assert place >= 0, [box.itemText(place) for place in range(box.count())]
        box.setCurrentIndex(place)
        box.activated.emit(place)

    def drops(self, name: str, *paths: Path, text: str = "") -> None:
        widget, mime = self.find(name), QMimeData()
        if paths:
            mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        else:
            mime.setText(text)
        where = widget.rect().center() if widget.rect().isValid() else QPoint(1, 1)
        copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(widget, QDragEnterEvent(where, copy, mime, left, none))
        QApplication.sendEvent(widget, QDropEvent(where, copy, mime, left, none))

    def opens_sample(self, name: str) -> None:
        self.click(f"data.sample.{name}")
        self.waits_for_model()

    def waits_for_model(self) -> None:
        draft = self.window.behind.draft
        self.waits(lambda: draft.is_complete() and draft.parameters)

    def goes_to(self, page: str) -> None:
        self.click(f"nav.{page}")

    @property
    def train_page(self) -> Any:
        return self.window.workspace.train

    def starts(self) -> RunFolder:
        """Press Start and return the run's folder once its first points are on the plot, while it still trains."""
        self.goes_to("train")
        self.waits(lambda: self.find("train.start").isEnabled())
        before = self.train_page.run()
        self.click("train.start")
        self.waits(lambda: self.train_page.run() not in ("", before))
        return RunFolder(self.runs / self.train_page.run())

    def waits_for_end(self) -> str:
        ended = ("finished", "stopped", "failed", "interrupted")
        self.waits(lambda: self.train_page.state() in ended, 8 * PATIENCE)
        return self.train_page.state()

    def points(self) -> int:
        return len(self.find("train.loss_plot").points("training")[0]) if self.find("train.loss_plot").names() else 0


def recipe_of(folder: RunFolder) -> dict[str, Any]:
    return tomllib.loads(folder.recipe.read_text())
