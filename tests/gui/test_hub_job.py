"""From a name on the hub to a prediction through the window, with the real engine and the real trainer."""

from pathlib import Path

import polars
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from tests.data.hub_server import Hub, in_use, parquet
from tests.data.test_hub import LABEL, png
from tests.gui.person import Person
from workbench.gui.widgets.banner import Banner


@pytest.mark.slow
def test_a_set_of_the_hub_from_its_name_to_a_prediction(qtbot: QtBot, own_folders: Path, tmp_path: Path) -> None:
    rows = {
        "image": [{"bytes": png(20 + 200 * (number % 2), 8), "path": None} for number in range(60)],
        "label": [number % 2 for number in range(60)],
    }
    content = parquet(polars.DataFrame(rows), LABEL)
    with in_use(Hub({"somebody/shades": {"default/train/0000.parquet": content}})):
        person = Person(qtbot, own_folders / "runs")
        person.click("data.welcome.hub")
        person.sets("data.hub.name", "somebody/shade")
        person.click("data.hub.open")
        page = person.window.workspace.data
        person.waits(lambda: page.findChildren(Banner))
        assert "The hub has no data set called somebody/shade." in page.findChildren(Banner)[0].text
        person.sets("data.hub.name", "somebody/shades")
        person.click("data.hub.open")
        person.waits(lambda: page.data().get("name") == "somebody/shades")
    assert page.content.summary["classes"] == ["cat", "dog"]
    person.goes_to("train")
    for name, value in {"epochs": 2, "batch_size": 8}.items():
        person.sets(f"form.training.{name}", value)
    person.starts()
    assert person.waits_for_end() == "finished"
    person.waits(lambda: person.window.behind.trainings.live() == [])
    person.click("train.try")
    person.waits(lambda: person.find("try.drop").isVisible())
    path = tmp_path / "bright.png"
    Image.new("L", (8, 8), 215).save(path)
    person.drops("try.drop", path)
    person.waits(lambda: person.find("try.label").text())
    assert person.find("try.label").text() == "dog"
