"""Settings of data that were edited and are not in force: nobody goes on with others than the forms show."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned
from workbench.core.errors import UserError
from workbench.data.text_table import TextTableSettings
from workbench.engine.settings import catalogue
from workbench.gui.pages.data import DataPage
from workbench.gui.widgets.banner import Banner

Show = Callable[..., QWidget]
READING, MEND = "The data are being read with the new settings.", "Mend the settings that are marked first."
COLUMNS = ("姓名", "文本", "标签")


def opened(asked: dict[str, Any]) -> Any:
    data = asked["data"]
    for column in (*data.get("masking", {}).get("columns", ()), data.get("label_column", "标签")):
        if column not in (*COLUMNS, "auto"):
            return UserError("{name} has no column {column}.", name="people.csv", column=column)
    return {
        "name": "people", "task": "classification", "tasks": ["classification"], "possible": ["classification"],
        "inputs": {"kind": "text", "shape": [], "vocabulary": 0}, "outputs": 2, "classes": ["no", "yes"],
        "splits": {name: {"count": 5, "classes": [3, 2]} for name in ("training", "validation", "test")},
        "skipped": [], "problems": [], "facts": {}, "cache": "",
    }  # fmt: skip


@pytest.fixture
def engine() -> Canned:
    rows = {"rows": [{"name": "people.csv:2", "text": "fine", "label": "yes"}], "total": 1}
    return Canned(
        {"data.open": opened, "data.rows": rows, "masking.preview": {"found": [], "key": "", "key_is_there": False}}
    )


@pytest.fixture
def page(engine: Canned, show: Show, qtbot: QtBot) -> DataPage:
    page = DataPage(engine, engine)
    page.set_catalogue(catalogue())
    show(page, 1000, 760)
    page.open_settings(TextTableSettings(path="people.csv").model_dump(mode="json"))
    qtbot.waitUntil(lambda: find(page, "form.data.masking.columns") is not None and page.next.isEnabled())
    return page


def find(page: DataPage, name: str) -> Any:
    return page.findChild(QWidget, name)


def columns(page: DataPage) -> list[str]:
    return page.data()["masking"]["columns"]


def take(page: DataPage, name: str, text: str, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.opened):
        find(page, name).setText(text)
    qtbot.waitUntil(page.next.isEnabled)


def refuse(page: DataPage, name: str, text: str, qtbot: QtBot) -> None:
    find(page, name).setText(text)
    qtbot.waitUntil(lambda: find(page, name).property("wrong") is True)


@pytest.mark.parametrize("name", ["masking.columns", "label_column"])
def test_refused_settings_are_marked_and_hold_everything_up(page: DataPage, name: str, qtbot: QtBot) -> None:
    take(page, f"form.data.{name}", "标签", qtbot)
    with qtbot.waitSignal(page.held_changed, check_params_cb=lambda held: held):
        find(page, f"form.data.{name}").setText("没有这列")
    assert not page.next.isEnabled()
    assert page.next.toolTip() == READING
    qtbot.waitUntil(lambda: find(page, f"form.data.{name}").property("wrong") is True)
    assert page.next.toolTip() == MEND
    assert "has no column 没有这列" in find(page, f"form.data.{name}").accessibleDescription()
    assert "as it was read before" in page._line.text()
    assert page.holds()
    with qtbot.waitSignal(page.held_changed, check_params_cb=lambda held: not held):
        find(page, f"form.data.{name}").setText("姓名")
    assert page.next.isEnabled()
    assert not find(page, f"form.data.{name}").property("wrong")


def test_another_edit_is_read_together_with_the_one_that_was_refused(
    page: DataPage, engine: Canned, qtbot: QtBot
) -> None:
    refuse(page, "form.data.masking.columns", "没有这列", qtbot)
    jobs = len(engine.jobs)
    find(page, "form.data.validation").setText("0.3")
    qtbot.waitUntil(lambda: len(engine.jobs) > jobs and not page.progress.isVisible())
    assert engine.jobs[-1].arguments["data"]["masking"]["columns"] == ["没有这列"]
    assert find(page, "form.data.masking.columns").text() == "没有这列"
    assert not page.next.isEnabled()


def test_a_mistake_in_one_form_keeps_the_other_from_being_read_alone(
    page: DataPage, engine: Canned, qtbot: QtBot
) -> None:
    find(page, "form.data.validation").setText("many")
    jobs = len(engine.jobs)
    find(page, "form.data.masking.columns").setText("姓名")
    qtbot.waitUntil(lambda: not page.content.settings._quiet.isActive())
    assert len(engine.jobs) == jobs
    assert page.next.toolTip() == MEND
    find(page, "form.data.validation").setText("0.2")
    qtbot.waitUntil(page.next.isEnabled)
    assert (columns(page), page.data()["validation"]) == (["姓名"], 0.2)


def test_what_was_typed_goes_where_its_reading_is_cancelled(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    take(page, "form.data.masking.columns", "标签", qtbot)
    engine.held.add("data.open")
    find(page, "form.data.masking.columns").setText("姓名")
    qtbot.waitUntil(page.progress.isVisible)
    page.progress.cancel_wanted.emit()
    assert find(page, "form.data.masking.columns").text() == "标签"
    assert page.next.isEnabled()


def test_what_was_typed_goes_where_other_data_are_opened_instead(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    refuse(page, "form.data.masking.columns", "没有这列", qtbot)
    engine.answers["data.open"] = UserError("gone")
    page.open_sample("digits")
    qtbot.waitUntil(lambda: [banner.text for banner in page.findChildren(Banner) if banner.isVisible()] == ["gone"])
    assert find(page, "form.data.masking.columns").text() == ""
    assert page.next.isEnabled()


def test_what_is_typed_while_data_are_read_stays_and_is_read_next(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    engine.held.add("data.open")
    jobs = len(engine.jobs)
    find(page, "form.data.masking.columns").setText("姓名")
    qtbot.waitUntil(lambda: len(engine.jobs) > jobs)
    engine.held.clear()
    find(page, "form.data.masking.columns").setText("姓名, 标签")
    engine.jobs[-1].answered.emit(opened(engine.jobs[-1].arguments))
    qtbot.waitUntil(lambda: columns(page) == ["姓名", "标签"])
    assert find(page, "form.data.masking.columns").text() == "姓名, 标签"
    qtbot.waitUntil(page.next.isEnabled)


def test_the_masking_preview_says_that_a_setting_has_to_be_mended(page: DataPage, qtbot: QtBot) -> None:
    masking = page.content.settings.masking
    masking.set_open(True)
    qtbot.waitUntil(lambda: masking.preview.texts() == ["No mail address, number or IP address was found."])
    assert masking.settings is not None
    masking.settings.form.findChild(QWidget, "form.data.masking.method").setValue("nonsense")  # pyright: ignore
    assert masking.preview.texts() == [MEND]
