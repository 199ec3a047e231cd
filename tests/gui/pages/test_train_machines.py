"""The dialog about several machines, on its own: values in, signals out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned
from workbench.core.errors import UserError
from workbench.gui.draft import Draft
from workbench.gui.machines_desk import MachinesDesk
from workbench.gui.pages.train import TrainPage
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
    assert "workbench --runs /s\n" in dialog.told.text()  # this window looks elsewhere
    dialog.show_saved({**ANSWER, "run": "/shared/x", "script": "/shared/x.sbatch"})
    assert "x is followed from the Runs page" in dialog.told.text()


def test_what_cannot_be_shared_is_said_and_not_saved(dialog: MachinesDialog) -> None:
    dialog.show_lines(ANSWER)
    dialog.show_error(UserError("32 processes cannot share a batch of 16."))
    assert "32 processes" in dialog.told.text()
    for act in (dialog.save, dialog.copy, dialog.line.copy):
        assert not act.isEnabled()
        assert "32 processes" in act.toolTip()
    assert not dialog.line.line.text()
    assert not dialog.script.toPlainText()
    dialog.show_lines(ANSWER)
    assert dialog.copy.isEnabled()
    assert dialog.line.copy.isEnabled()


def test_the_train_page_asks_about_the_recipe_as_it_stands(
    show: Callable[..., Any], qtbot: QtBot, tmp_path: Path
) -> None:
    engine: Any = Canned(
        {
            "launching.name": {"name": "today_mlp"},
            "launching.lines": lambda given: {**ANSWER, "torchrun": f"{given['name']} on {given['machines']}"},
            "launching.write": {**ANSWER, "script": "/s/x.sbatch"},
            "settings.check": {"recipe": {}},
            "model.layers": {"parameters": 1, "task": ""},
            "settings.learning_rates": {"steps": [], "values": []},
        }
    )
    page = show(TrainPage())
    draft = Draft(engine, tmp_path, page)
    draft.data, draft.architecture, draft.training = {"kind": "samples"}, {"kind": "mlp"}, {"epochs": 7}
    MachinesDesk(page, draft, engine, tmp_path)
    page.machines_requested.emit()
    qtbot.waitUntil(lambda: page.window().findChild(MachinesDialog) is not None)
    dialog = page.window().findChild(MachinesDialog)
    assert isinstance(dialog, MachinesDialog)
    qtbot.waitUntil(lambda: dialog.line.line.text() == "today_mlp on 2")
    assert engine.questions("launching.lines")[0]["recipe"] == draft.recipe()
    assert engine.questions("launching.lines")[0]["folder"] == str(tmp_path)
    dialog.machines.setText("5")
    qtbot.waitUntil(lambda: dialog.line.line.text() == "today_mlp on 5")
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "x.sbatch" in dialog.told.text())
    assert engine.questions("launching.write")[0]["machines"] == 5
    dialog.close()
    qtbot.waitUntil(lambda: page.window().findChild(MachinesDialog) is None)


def test_a_draft_that_cannot_be_trained_has_no_lines(show: Callable[..., Any]) -> None:
    page = show(TrainPage())
    page.set_draft("data")
    assert not page.settings.machines.isEnabled()
    assert page.settings.machines.toolTip() == "Open data first."
