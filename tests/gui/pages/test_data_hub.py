"""The way to the Hugging Face hub on the Data page: choosing, waiting, and what went wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, words
from tests.gui.pages.test_data_page import cache, summary  # noqa: F401  # a fixture
from workbench.core.errors import UserError
from workbench.engine import hub
from workbench.gui.pages.data import DataPage
from workbench.gui.pages.data_hub import DataHub
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.choice_card import ChoiceCard

Show = Callable[..., QWidget]


@pytest.fixture
def engine(cache: Path) -> Canned:  # noqa: F811
    others = [
        {
            "data": {"kind": "hub", "name": "somebody/things", "configuration": "small"},
            "title": "somebody/things",
            "summary": words("Configuration {configuration}, splits {splits}.", configuration="small", splits="train"),
            "size": 1_200_000,
            "here": True,
        }
    ]
    return Canned({"data.open": summary(cache, name="mnist"), "hub.known": {**hub.known(), "others": others}})


@pytest.fixture
def page(engine: Canned, show: Show) -> DataPage:
    page = DataPage(engine, engine)
    show(page, 1060, 760)
    return page


def at_hub(page: DataPage, qtbot: QtBot) -> DataHub:
    button = page.welcome.findChild(QPushButton, "data.welcome.hub")
    assert button
    button.click()
    qtbot.waitUntil(lambda: bool(page.hub.findChildren(ChoiceCard)))
    return page.hub


def find(page: QWidget, kind: type[Any], name: str) -> Any:
    found = page.findChild(kind, name)
    assert found is not None, name
    return found


def test_a_well_known_set_opens_with_one_click(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    chooser = at_hub(page, qtbot)
    titles = [card.text() for card in chooser.findChildren(ChoiceCard)]
    assert titles[:2] == ["MNIST", "Fashion-MNIST"]
    assert "Tiny Shakespeare" in titles
    card = find(chooser, ChoiceCard, "data.hub.ylecun/mnist")
    assert card.accessibleDescription().endswith("18 MB to download")
    with qtbot.waitSignal(page.opened) as told:
        card.click()
    assert told.args[0]["data"] == {"kind": "hub", "name": "ylecun/mnist"}  # type: ignore[index]
    assert page.content.isVisible()


def test_what_was_downloaded_before_is_there_too(page: DataPage, qtbot: QtBot) -> None:
    card = find(at_hub(page, qtbot), ChoiceCard, "data.hub.somebody/things")
    assert card.accessibleDescription() == "Configuration small, splits train.\nDownloaded, 1.2 MB"
    with qtbot.waitSignal(page.opened) as told:
        card.click()
    assert told.args[0]["data"]["configuration"] == "small"  # type: ignore[index]


def test_any_set_opens_by_its_name(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    chooser = at_hub(page, qtbot)
    button = find(chooser, QPushButton, "data.hub.open")
    assert not button.isEnabled()
    assert button.toolTip() == "Write the name of a data set first."
    name = find(chooser, QLineEdit, "data.hub.name")
    qtbot.keyClicks(name, " nyu-mll/glue ")
    qtbot.keyClicks(find(chooser, QLineEdit, "data.hub.configuration"), "sst2")
    with qtbot.waitSignal(page.opened) as told:
        qtbot.keyClick(name, Qt.Key.Key_Return)
    assert told.args[0]["data"] == {"kind": "hub", "name": "nyu-mll/glue", "configuration": "sst2"}  # type: ignore[index]


def test_a_download_says_how_far_it_is_and_can_be_cancelled(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    engine.held.add("data.open")
    chooser = at_hub(page, qtbot)
    find(chooser, ChoiceCard, "data.hub.ylecun/mnist").click()
    job = engine.jobs[-1]
    plain = {
        "template": "Downloading {name}: {done} of {total}, {rate} a second",
        "values": {"name": "ylecun/mnist", "done": "9.0 MB", "total": "18.2 MB", "rate": "2.0 MB"},
    }
    job.progressed.emit({"stage": plain, "done": 9_000_000, "total": 18_200_000})
    assert page.busy.isVisible()
    assert "Downloading ylecun/mnist: 9.0 MB of 18.2 MB, 2.0 MB a second" in page.busy.text()
    assert "9,000,000" not in " ".join(label.text() for label in page.findChildren(QLabel))
    page.busy.acted.emit()
    assert job.is_cancelled
    assert page.hub.isVisible()


def test_what_went_wrong_is_said_where_the_name_was_written(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    engine.answers["data.open"] = UserError(
        "The hub has no data set called {name}.", hint="Look at its name on the hub.", name="nobody/nothing"
    )
    chooser = at_hub(page, qtbot)
    name = find(chooser, QLineEdit, "data.hub.name")
    qtbot.keyClicks(name, "nobody/nothing")
    find(chooser, QPushButton, "data.hub.open").click()
    qtbot.waitUntil(lambda: bool(page.findChildren(Banner)))
    assert "The hub has no data set called nobody/nothing." in page.findChildren(Banner)[0].text
    assert page.hub.isVisible()
    assert name.text() == "nobody/nothing"
    find(chooser, QPushButton, "data.hub.back").click()
    assert page.welcome.isVisible()
    assert not [banner for banner in page.findChildren(Banner) if banner.isVisible()]


def test_the_menu_leads_there_too_and_what_is_open_stays(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.opened):
        page.open_sample("digits")
    page.ways.hub_wanted.emit()
    assert page.hub.isVisible()
    find(page, QPushButton, "data.hub.back").click()
    assert page.content.isVisible()


def test_it_looks_right(page: DataPage, qtbot: QtBot, picture: Callable[[QWidget, str], Path]) -> None:
    chooser = at_hub(page, qtbot)
    assert picture(page, "hub").is_file()
    assert all(card.width() >= 200 for card in chooser.findChildren(ChoiceCard))
