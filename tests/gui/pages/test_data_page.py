"""The Data page: opening, looking, editing, and what it says when that fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, first, pixels, words
from tests.gui.pages.catalogue import catalogue
from workbench.core.errors import UserError
from workbench.gui.pages.data import DataPage
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.figure import FigureTile

Show = Callable[..., QWidget]
CLASSES = ["cat", "dog", "fish"]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of 30 grey images of 4×4, three classes, 20 / 5 / 5 over the splits; each image holds its row number."""
    folder = tmp_path / "cache"
    folder.mkdir()
    np.save(folder / "images.npy", np.arange(30, dtype=np.uint8).repeat(16).reshape(30, 4, 4, 1))
    np.save(folder / "targets.npy", np.arange(30) % 3)
    np.save(folder / "splits.npy", np.array([0] * 20 + [1] * 5 + [2] * 5, dtype=np.uint8))
    (folder / "names.json").write_text(str([f"{row}.png" for row in range(30)]).replace("'", '"'))
    return folder


def summary(cache: Path, **changed: Any) -> dict[str, Any]:
    splits = {"training": 20, "validation": 5, "test": 5}
    return {
        "name": "animals",
        "task": "classification",
        "inputs": {"kind": "image", "shape": [1, 4, 4], "vocabulary": 0},
        "outputs": 3,
        "classes": CLASSES,
        "splits": {name: {"count": count, "classes": [count, 0, 0]} for name, count in splits.items()},
        "skipped": [{"name": "broken.png", "reason": words("is not an image")}],
        "problems": [
            {"level": "good", "words": words("Even: every class has {most} images.", most=10), "items": []},
            {"level": "warning", "words": words("One could not be read."), "items": ["broken.png"]},
        ],
        "facts": {},
        "cache": str(cache),
        **changed,
    }


@pytest.fixture
def engine(cache: Path, tmp_path: Path) -> Canned:
    answers = {
        "data.recognise": lambda asked: {"data": {"kind": "pictures", "path": asked["path"]}},
        "data.open": summary(cache),
        "data.rows": lambda asked: {"rows": [{"name": "t.csv:2", "text": "fine", "label": "cat"}], "total": 1},
        "data.augmented": lambda asked: pixels(np.full((len(asked["rows"]), 4, 4, 1), 99, np.uint8)),
    }
    return Canned(answers)


@pytest.fixture
def page(engine: Canned, show: Show) -> DataPage:
    page = DataPage(engine, engine)
    page.set_catalogue(catalogue())
    show(page, 1000, 760)
    return page


def opened(page: DataPage, path: Path, qtbot: QtBot) -> dict[str, Any]:
    with qtbot.waitSignal(page.opened) as told:
        page.open_files([path])
    qtbot.waitUntil(lambda: bool(find(page, "data.class_names").count()))  # forms come after the images
    return first(told)


def find(page: DataPage, name: str) -> Any:
    return page.findChild(QWidget, name)


def banners(page: DataPage) -> list[str]:
    return [banner.text for banner in page.findChildren(Banner) if banner.isVisible()]


def drop(widget: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind in (QDragEnterEvent, QDropEvent):
        QApplication.sendEvent(widget, kind(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


def shown(page: DataPage) -> Any:
    """Return the preview of what is open."""
    return page.content.preview


def test_invites_before_anything_is_open(page: DataPage) -> None:
    assert page.welcome.isVisible()
    assert not page.next.isEnabled()
    assert page.next.toolTip() == "Open data first."


def test_opening_shows_tiles_samples_and_findings(page: DataPage, tmp_path: Path, qtbot: QtBot) -> None:
    told = opened(page, tmp_path / "animals", qtbot)
    assert told["data"] == {"kind": "pictures", "path": str(tmp_path / "animals")}
    tiles = [tile.accessibleName() for tile in find(page, "data.summary").findChildren(FigureTile)]
    assert tiles == ["Images: 30", "Classes: 3", "Size, grey: 4 × 4", "Training: 20", "Validation: 5", "Test: 5"]
    assert shown(page).grid.count() == 30
    assert page.content.balance.sentence.text() == "Even: every class has 10 images."
    with qtbot.waitSignal(page.model_requested):
        page.next.click()


def test_show_them_lists_the_files_with_reasons(page: DataPage, tmp_path: Path, qtbot: QtBot) -> None:
    opened(page, tmp_path / "animals", qtbot)
    button = next(item for item in find(page, "data.problems").findChildren(QPushButton) if item.text() == "Show them")
    button.click()
    dialog: Any = page.window().findChild(QWidget, "data.list")
    lines = dialog.findChild(QListWidget)
    assert [lines.item(row).text() for row in range(lines.count())] == ["broken.png: is not an image"]
    dialog.close()


def test_filters_by_class_and_split(page: DataPage, tmp_path: Path, qtbot: QtBot) -> None:
    opened(page, tmp_path / "animals", qtbot)
    preview = shown(page)
    preview._class.set_value(1)
    preview._split.set_value("test")
    preview._split.chosen.emit("test")
    assert preview.grid.count() == 2  # rows 25 and 28
    assert "25.png" in preview.grid.describe(0)
    assert "dog" in preview.grid.describe(0)


def test_augmentation_is_previewed_with_the_settings_of_the_form(
    page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(page, tmp_path / "animals", qtbot)
    find(page, "data.augmented").click()
    with qtbot.waitSignal(page.opened) as told:
        find(page, "form.data.augmentation.rotation").setText("30")
    assert first(told)["data"]["augmentation"]["rotation"] == 30
    qtbot.waitUntil(lambda: engine.questions("data.augmented")[-1:] != [] and shown(page).grid.count() == 20)
    asked = engine.questions("data.augmented")[-1]
    assert asked["data"]["augmentation"]["rotation"] == 30
    assert asked["rows"] == list(range(20))  # training images alone
    assert [job.name for job in engine.jobs] == ["data.open"]  # nothing is read again for that


def test_settings_that_concern_reading_open_the_data_again(
    page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(page, tmp_path / "animals", qtbot)
    with qtbot.waitSignal(page.opened):
        find(page, "form.data.validation").setText("0.2")
    again = engine.jobs[-1].arguments["data"]
    assert again["validation"] == 0.2
    assert again["path"] == str(tmp_path / "animals")


def test_class_names_are_edited_in_place(page: DataPage, tmp_path: Path, qtbot: QtBot) -> None:
    opened(page, tmp_path / "animals", qtbot)
    names = find(page, "data.class_names")
    with qtbot.waitSignal(page.opened) as told:
        names.item(0).setText("tiger")
    assert first(told)["data"]["class_names"] == ["tiger", "dog", "fish"]
    assert first(told)["summary"]["classes"] == ["tiger", "dog", "fish"]
    assert shown(page).grid.describe(0).splitlines()[1] == "tiger"
    with qtbot.assertNotEmitted(page.opened):
        names.item(1).setText("tiger")
    assert names.item(1).text() == "dog"
    assert "another class" in page.content.settings.names.message.text()


def test_an_error_keeps_the_former_data(page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot) -> None:
    opened(page, tmp_path / "animals", qtbot)
    engine.answers["data.open"] = UserError("{name} is empty.", hint="Choose another.", name="x")
    page.open_files([tmp_path])
    qtbot.waitUntil(lambda: bool(banners(page)))
    assert banners(page) == ["x is empty. Choose another."]
    assert page.content.isVisible()
    assert page.data()["path"] == str(tmp_path / "animals")


def test_what_cannot_be_recognised_is_said(page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot) -> None:
    engine.answers["data.recognise"] = UserError("{path} does not exist.", path="x")
    page.open_files([tmp_path / "x"])
    qtbot.waitUntil(lambda: banners(page) == ["x does not exist."])
    assert page.welcome.isVisible()
    assert not engine.jobs


def test_moved_data_can_be_located(
    page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = engine.answers["data.open"]
    engine.answers["data.open"] = UserError("gone")
    page.open_settings({"kind": "pictures", "path": str(tmp_path / "gone"), "size": "8"})
    qtbot.waitUntil(lambda: bool(banners(page)))
    engine.answers["data.open"] = good
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    locate = next(item for item in page.findChildren(QPushButton) if item.text() == "Locate…")
    with qtbot.waitSignal(page.opened) as told:
        locate.click()
    assert first(told)["data"] == {"kind": "pictures", "path": str(tmp_path), "size": "8"}


def test_progress_is_shown_and_opening_can_be_cancelled(
    page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot
) -> None:
    engine.held.add("data.open")
    page.open_files([tmp_path])
    qtbot.waitUntil(lambda: bool(engine.jobs))
    engine.jobs[0].report("Decoding", 20, 100)
    assert page.busy.isVisible()
    assert "Decoding, 20 of 100" in page.busy.text()
    page.busy.acted.emit()
    assert engine.jobs[0].is_cancelled
    assert page.welcome.isVisible()


def test_a_second_opening_takes_the_place_of_the_first(
    page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot
) -> None:
    engine.held.add("data.open")
    page.open_sample("digits")
    overtaken = engine.jobs[0]
    engine.held.clear()
    with qtbot.waitSignal(page.opened) as told:
        page.open_sample("reviews")
    assert overtaken.is_cancelled
    assert first(told)["data"]["name"] == "reviews"


@pytest.mark.parametrize("target", ["page", "data.drop"])
def test_takes_drops_everywhere(page: DataPage, engine: Canned, tmp_path: Path, target: str, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.opened):
        drop(page if target == "page" else find(page, target), tmp_path / "a.idx", tmp_path / "b.idx")
    assert engine.questions("data.recognise") == [{"path": str(tmp_path)}]  # several files: their folder


def test_samples_are_a_click_away(page: DataPage, engine: Canned, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.opened) as told:
        find(page, "data.sample.digits").click()
    assert first(told)["data"] == {"kind": "samples", "name": "digits"}
    with qtbot.waitSignal(page.opened) as told:
        page.ways.sample_menu.actions()[1].trigger()
    assert first(told)["data"] == {"kind": "samples", "name": "reviews"}


def test_remembers_what_was_open(page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot, show: Show) -> None:
    opened(page, tmp_path, qtbot)
    later = DataPage(engine, engine)
    show(later, 900, 700)
    again = next(item for item in later.welcome.findChildren(QPushButton) if item.text() == "animals")
    with qtbot.waitSignal(later.opened) as told:
        again.click()
    assert first(told)["data"]["path"] == str(tmp_path)


def test_texts_are_a_table(page: DataPage, engine: Canned, cache: Path, tmp_path: Path, qtbot: QtBot) -> None:
    inputs = {"kind": "text", "shape": [], "vocabulary": 0}
    engine.answers["data.open"] = summary(cache, inputs=inputs, facts={"median_length": 38})
    opened(page, tmp_path, qtbot)
    table = find(page, "data.rows")
    qtbot.waitUntil(lambda: table.model().rowCount() == 1)
    assert table.row_at(0)["text"] == "fine"
    assert table.isVisible()
    assert find(page, "data.augmented") is None
    assert find(page, "form.data.size") is None  # a field of images
    tiles = [tile.accessibleName() for tile in find(page, "data.summary").findChildren(FigureTile)]
    assert "Characters: 38" in tiles


def test_a_lost_cache_is_said(page: DataPage, engine: Canned, tmp_path: Path, qtbot: QtBot) -> None:
    engine.answers["data.open"] = summary(tmp_path / "nowhere")
    page.open_sample("digits")
    qtbot.waitUntil(lambda: bool(banners(page)))
    assert "cannot be read" in banners(page)[0]
    assert page.welcome.isVisible()
