"""Masking on the Data page: what is found stands below the settings, and an edit reads the data again."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QCheckBox, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, first
from workbench.data.text_table import TextTableSettings
from workbench.engine.settings import catalogue
from workbench.gui.pages.data_settings import DataSettings

Show = Callable[..., QWidget]
DATA = {"kind": "text_table", "path": "t.csv"}
SUMMARY = {"classes": ["no", "yes"], "inputs": {"kind": "text"}, "possible": ["classification"]}


def found(asked: dict[str, Any]) -> dict[str, Any]:
    masking = asked["data"]["masking"]
    word = "[mail-abc]" if masking["method"] == "hash" else "[mail]"
    examples = [["<b>a@b.example</b>", word]]
    one = {"name": "mail", "title": "Mail addresses", "count": 12, "masked": masking["mail"], "examples": examples}
    key = "/state/masking.key" if masking["method"] == "hash" else ""
    return {"found": [one, {**one, "name": "ip", "count": 0, "examples": []}], "key": key, "key_is_there": True}


@pytest.fixture
def engine() -> Canned:
    return Canned({"masking.preview": found})


@pytest.fixture
def settings(engine: Canned, show: Show) -> DataSettings:
    settings = DataSettings(engine)
    settings.set_data(TextTableSettings(path="t.csv").model_dump(mode="json"), SUMMARY, catalogue())
    show(settings, 420, 900)
    return settings


def test_shows_what_is_there_once_it_is_unfolded(settings: DataSettings, engine: Canned, qtbot: QtBot) -> None:
    assert not engine.jobs
    settings.masking.set_open(True)
    qtbot.waitUntil(lambda: len(settings.masking.preview.texts()) == 2)
    assert settings.masking.preview.texts() == ["Mail addresses: 12 left as they are", "<b>a@b.example</b>  →  [mail]"]


def test_an_edit_shows_and_reads_the_data_again(settings: DataSettings, qtbot: QtBot) -> None:
    settings.masking.set_open(True)
    qtbot.waitUntil(lambda: len(settings.masking.preview.texts()) == 2)
    switch: Any = settings.findChild(QCheckBox, "form.data.masking.mail")
    with qtbot.waitSignal(settings.reading_changed) as told:
        switch.click()
    assert first(told)["masking"]["mail"] is True
    assert settings.masking.preview.texts()[0] == "Mail addresses: 12 taken out"


def test_says_where_the_key_of_hashes_lies(settings: DataSettings, qtbot: QtBot) -> None:
    settings.masking.set_open(True)
    method: Any = settings.findChild(QWidget, "form.data.masking.method")
    assert "WORKBENCH_MASKING_KEY" in method.toolTip()
    method.setValue("hash")
    assert settings.masking.settings is not None
    form = settings.masking.settings.form
    qtbot.waitUntil(lambda: form.caption("method") == "The key lies in /state/masking.key.")


def test_pictures_have_nothing_to_mask(engine: Canned, show: Show) -> None:
    settings = DataSettings(engine)
    plain = {"kind": "samples", "name": "digits"}
    settings.set_data(plain, {"classes": ["0"], "inputs": {"kind": "image"}}, catalogue())
    show(settings, 420, 900)
    assert settings.masking.isHidden()
