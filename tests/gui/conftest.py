"""What tests of the window share: the theme installed, and widgets shown at a size."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from workbench.gui import theme
from workbench.gui.engine_client import Jobs
from workbench.gui.jobs import Trainings

Shown = TypeVar("Shown", bound=QWidget)


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> theme.Theme:
    """Begin every test in the light theme."""
    return theme.install(qapp, "light")


@pytest.fixture(autouse=True)
def no_spare_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes when they are needed: a test that ends soon would pay for spares that nothing uses."""
    if request.path.name not in ("test_jobs.py", "test_engine_client.py"):
        monkeypatch.setattr(Jobs, "warm", lambda self: None)
        monkeypatch.setattr(Trainings, "warm", lambda self: None)


@pytest.fixture
def show(qtbot: QtBot) -> Callable[..., QWidget]:
    """Return a function that shows a widget at a size and deletes it after the test."""

    def shown(widget: Shown, width: int = 400, height: int = 300) -> Shown:
        qtbot.addWidget(widget)
        widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()
        QCoreApplication.processEvents()
        return widget

    return shown


Look = Literal["light", "dark"]


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[QWidget, str], Path]:
    """Return a function that writes what a widget shows as a PNG and returns the path."""

    def write(widget: QWidget, name: str) -> Path:
        path = tmp_path / f"{name}.png"
        assert widget.grab().save(str(path))
        return path

    return write
