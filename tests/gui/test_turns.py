import logging
import time

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from workbench.gui.turns import Turns


def test_a_window_that_stood_still_is_in_the_log(qtbot: QtBot, caplog: pytest.LogCaptureFixture):
    parent = QObject()
    turns = Turns(parent)
    with caplog.at_level(logging.WARNING, "workbench"):
        qtbot.wait(60)
        assert "stood still" not in caplog.text or turns.longest > 0.1  # a machine that is busy may stand still too
        time.sleep(0.3)  # the fault itself
        qtbot.waitUntil(lambda: turns.longest > 0.2)
    assert "The window stood still for" in caplog.text
    parent.deleteLater()
