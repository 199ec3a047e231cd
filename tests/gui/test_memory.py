import json
import logging
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.gui.memory import Memory


def test_what_is_put_is_there_again(qtbot: QtBot, own_folders: Path):
    memory = Memory()
    memory.put("theme", "dark")
    memory.put("training", {"epochs": 3, "name": "größer"})
    memory.flush()
    again = Memory()
    assert again.get("theme", "") == "dark"
    assert again.get("training", {}) == {"epochs": 3, "name": "größer"}
    assert again.get("missing", "default") == "default"


def test_it_is_written_by_itself_within_two_seconds(qtbot: QtBot):
    memory = Memory()
    memory.put("a", 1)
    qtbot.waitUntil(memory.path.is_file, timeout=2_000)
    assert json.loads(memory.path.read_text()) == {"a": 1}


def test_someone_who_edits_without_a_pause_loses_no_more_than_that(qtbot: QtBot):
    memory, count = Memory(), 0

    def edit() -> bool:
        nonlocal count
        count += 1
        memory.put("count", count)
        return memory.path.is_file()

    qtbot.waitUntil(edit, timeout=2_000)
    memory.flush()


@pytest.mark.parametrize("damaged", ["", "{", "[]", "3"])
def test_a_damaged_memory_is_an_empty_one(damaged: str, qtbot: QtBot):
    path = Memory().path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(damaged)
    assert Memory().get("theme", "system") == "system"


def test_a_value_of_another_type_is_not_believed(qtbot: QtBot):
    memory = Memory()
    memory.put("queue", "text")
    assert memory.get("queue", []) == []
    memory.flush()


def test_no_place_to_write_is_logged_and_nothing_else(qtbot: QtBot, caplog: pytest.LogCaptureFixture):
    memory = Memory()
    memory.path.parent.parent.mkdir(parents=True, exist_ok=True)
    memory.path.parent.write_text("a file is in the way")
    memory.put("a", 1)
    with caplog.at_level(logging.WARNING):
        memory.flush()
    assert "cannot be written" in caplog.text
