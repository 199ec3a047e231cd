"""The dialog about several machines, on its own: values in, signals out."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.core.errors import UserError
from workbench.gui.pages.train_machines import MachinesDialog

ANSWER = {"torchrun": "torchrun --nnodes 2", "slurm": "#!/bin/bash\n", "recipe": "/s/x.toml", "run": "/s/x"}


@pytest.fixture
def dialog(show: Callable[..., Any]) -> MachinesDialog:
    return show(MachinesDialog("/shared"))


def test_every_edit_is_asked_about(dialog: MachinesDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.asked) as heard:
        dialog.machines.selectAll()
        QTest.keyClicks(dialog.machines, "4")
    assert heard.args == [{"folder": "/shared", "machines": 4, "processes": 1, "host": ""}]
    QTest.keyClicks(dialog.host, "node a!")
    assert dialog.question()["host"] == "node a!"
    dialog.processes.clear()
    assert dialog.question()["processes"] == 0


def test_lines_can_be_copied_and_saved(dialog: MachinesDialog, qtbot: QtBot) -> None:
    dialog.show_lines(ANSWER)
    QTest.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == ANSWER["slurm"]
    QTest.mouseClick(dialog.line.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == ANSWER["torchrun"]
    with qtbot.waitSignal(dialog.save_wanted) as heard:
        QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    assert heard.args == [dialog.question()]
    dialog.show_saved({**ANSWER, "script": "/s/x.sbatch"})
    assert "sbatch /s/x.sbatch" in dialog.told.text()


def test_what_cannot_be_shared_is_said_and_not_saved(dialog: MachinesDialog) -> None:
    dialog.show_lines(ANSWER)
    dialog.show_error(UserError("32 processes cannot share a batch of 16."))
    assert "32 processes" in dialog.told.text()
    assert not dialog.save.isEnabled()
    assert not dialog.line.line.text()
    assert not dialog.script.toPlainText()
