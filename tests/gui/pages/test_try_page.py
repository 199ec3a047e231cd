"""The Try it page: every way an image or a text gets to the model, and what is shown of the answer."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, pixels, words
from workbench.core.errors import UserError
from workbench.gui.pages.model_chooser import ModelChooser, described
from workbench.gui.pages.try_it import TryPage
from workbench.gui.pages.trying.images import encoded
from workbench.gui.widgets.banner import Banner

Show = Callable[..., QWidget]
INVERTED = words("This image is dark on light; the training images are light on dark. Inverted it may fit better.")
RUNS = [
    {"path": "/runs/b", "title": "convnet-digits", "epoch": 6, "score": "91.9 %", "live": False, "step": 60},
    {"path": "/runs/a", "title": "mlp", "epoch": 0, "score": "", "live": True, "step": 10},
]


def prediction(name: str, label: str = "7", score: float = 0.9, **more: Any) -> dict[str, Any]:
    top = [{"label": label, "score": score}, {"label": "other", "score": 1 - score}]
    return {
        "input": name,
        "label": label,
        "score": score,
        "top": top,
        "seconds": 0.0031,
        "notes": [],
        "error": None,
        **more,
    }


def picture() -> QImage:
    image = QImage(8, 8, QImage.Format.Format_Grayscale8)
    image.fill(200)
    return image


@pytest.fixture
def engine() -> Canned:
    description = {
        "task": "classification",
        "inputs": {"kind": "image", "shape": [1, 8, 8]},
        "labels": ["7"],
        "title": "t",
        "path_ok": True,
    }
    many = [prediction("/x/a.png", score=0.95), prediction("/x/b.png", "8", 0.6)]
    many.append(prediction("/x/c.png", "", 0.0, error=words("{name} is not an image.", name="c.png")))
    answers = {
        "prediction.describe": description,
        "prediction.predict": lambda asked: {"predictions": [prediction(str(asked["inputs"][0]))]},
        "prediction.seen": pixels(np.zeros((8, 8, 1), np.uint8)),
        "prediction.sample": {"name": "test #3", "label": "7", "image": encoded(picture())},
        "prediction.batch": {"predictions": many},
    }
    return Canned(answers)


@pytest.fixture
def page(engine: Canned, show: Show, qtbot: QtBot) -> TryPage:
    page = TryPage(engine, engine)
    show(page, 1000, 760)
    page.set_runs(RUNS)
    qtbot.waitUntil(lambda: page.panel is not None)
    return page


@pytest.fixture
def text_page(engine: Canned, show: Show, qtbot: QtBot) -> TryPage:
    engine.answers["prediction.describe"] = {
        "task": "classification",
        "inputs": {"kind": "text", "shape": [64]},
        "labels": [],
        "path_ok": True,
    }
    engine.answers["prediction.sample"] = {"name": "r.csv:3", "label": "good", "text": "lovely"}
    page = TryPage(engine, engine)
    show(page, 1000, 760)
    page.set_runs(RUNS)
    qtbot.waitUntil(lambda: page.panel is not None)
    panel(page).input._pause.setInterval(10)  # type: ignore[union-attr]
    return page


def find(page: TryPage, name: str) -> Any:
    return page.findChild(QWidget, name)


def label(page: TryPage) -> str:
    return find(page, "try.label").text()


def predicted(page: TryPage, qtbot: QtBot, do: Callable[[], object]) -> None:
    with qtbot.waitSignal(panel(page).predicted):
        do()


def drop(widget: QWidget, data: QMimeData) -> None:
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind in (QDragEnterEvent, QDropEvent):
        QApplication.sendEvent(widget, kind(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


def panel(page: TryPage) -> Any:
    """Return the panel for the chosen run."""
    return page.panel


def test_without_a_model_it_says_what_to_do(engine: Canned, show: Show, qtbot: QtBot) -> None:
    page = TryPage(engine, engine)
    show(page, 900, 700)
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.training_requested):
        page.empty.acted.emit()


def test_runs_are_described_and_the_choice_is_kept(show: Show, qtbot: QtBot) -> None:
    assert described(RUNS[0]) == "convnet-digits  ·  best, epoch 6  ·  91.9 %"
    assert described(RUNS[1]) == "mlp  ·  training"
    chooser = ModelChooser()
    show(chooser)
    chooser.set_runs(RUNS)
    chooser.choose("/runs/a")
    with qtbot.assertNotEmitted(chooser.run_chosen):
        chooser.set_runs([{"path": "/runs/c", "title": "new"}, *RUNS])
    assert chooser.run()["path"] == "/runs/a"
    with qtbot.waitSignal(chooser.run_chosen):  # its model became a newer one
        chooser.set_runs([RUNS[0], {**RUNS[1], "step": 20}])


@pytest.mark.parametrize("target", ["page", "try.drop"])
def test_a_dropped_image_is_predicted(page: TryPage, engine: Canned, tmp_path: Path, target: str, qtbot: QtBot) -> None:
    path = tmp_path / "seven.png"
    picture().save(str(path))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    predicted(page, qtbot, lambda: drop(page if target == "page" else find(page, target), data))
    assert label(page) == "7"
    assert find(page, "try.bars").bars() == [("7", 0.9), ("other", pytest.approx(0.1))]
    assert panel(page).result.score.text() == "90.0 % · 3.1 ms"
    assert engine.questions("prediction.predict")[-1]["inputs"] == [{"path": str(path)}]
    qtbot.waitUntil(lambda: not find(page, "try.image").image().isNull())
    assert find(page, "try.image").image().pixelColor(0, 0).red() == 0  # as the model sees it
    find(page, "try.original").click()
    assert find(page, "try.image").image().pixelColor(0, 0).red() == 200


def test_ctrl_v_pastes_an_image(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setImage(picture())
    page.setFocus()
    predicted(page, qtbot, lambda: QTest.keyClick(page, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier))
    assert "image" in engine.questions("prediction.predict")[-1]["inputs"][0]


def test_a_drawing_is_predicted_after_each_stroke(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    find(page, "try.draw").click()
    pad = find(page, "try.pad")
    assert pad.isVisible()
    predicted(page, qtbot, lambda: QTest.mouseClick(pad, Qt.MouseButton.LeftButton, pos=pad.rect().center()))
    assert label(page) == "7"
    assert pad.isVisible()  # the pad stays for the next stroke


def test_a_sample_shows_the_true_label(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    predicted(page, qtbot, find(page, "try.sample").click)
    assert panel(page).result.truth.text() == "Right: it is 7"
    engine.answers["prediction.sample"] = {**engine.answers["prediction.sample"], "label": "1"}
    predicted(page, qtbot, find(page, "try.sample").click)
    assert panel(page).result.truth.text() == "Wrong: it is 1"


def test_moved_data_are_asked_for(page: TryPage, engine: Canned, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    good = engine.answers["prediction.sample"]
    gone = UserError("The data of {run} are no longer at {path}.", run="r", path="p")
    engine.answers["prediction.sample"] = lambda asked: good if asked.get("data") == "/new" else gone
    find(page, "try.sample").click()
    qtbot.waitUntil(lambda: bool(page.findChildren(Banner)))
    locate = next(item for item in page.findChildren(QPushButton) if item.text() == "Locate…")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/new")
    predicted(page, qtbot, locate.click)
    assert label(page) == "7"


def test_an_inverted_image_is_pointed_out_with_invert_beside_it(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    def answer(asked: dict[str, Any]) -> Any:
        noted = [] if asked["invert"] else [INVERTED]
        return {"predictions": [prediction("x", "7" if asked["invert"] else "3", notes=noted)]}

    engine.answers["prediction.predict"] = answer
    predicted(page, qtbot, lambda: page.incoming.take_image(picture()))
    assert label(page) == "3"
    predicted(page, qtbot, find(page, "try.invert").click)
    assert label(page) == "7"
    assert engine.questions("prediction.seen")[-1]["invert"] is True
    predicted(page, qtbot, lambda: page.incoming.take_image(picture()))
    assert label(page) == "3"  # the next image is taken as it is


def test_what_cannot_be_predicted_is_said(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    bad = prediction("x", "", 0.0, error=words("{name} is not an image.", name="x"), hint=words(""))
    engine.answers["prediction.predict"] = {"predictions": [bad]}
    predicted(page, qtbot, lambda: page.incoming.take_files(["/nowhere/x.png"]))
    assert panel(page).result.message.text().startswith("x is not an image. Choose other images: PNG")
    engine.answers["prediction.predict"] = {"predictions": [{**bad, "hint": words("Say {name} again.", name="x")}]}
    predicted(page, qtbot, lambda: page.incoming.take_files(["/nowhere/x.png"]))
    assert panel(page).result.message.text() == "x is not an image. Say x again."
    engine.answers["prediction.predict"] = UserError("The model is damaged.")
    page.incoming.take_image(picture())
    qtbot.waitUntil(lambda: panel(page).result.message.text() == "The model is damaged.")


def test_a_run_that_cannot_be_read_is_said(engine: Canned, show: Show, qtbot: QtBot) -> None:
    engine.answers["prediction.describe"] = UserError("This run has no model.")
    page = TryPage(engine, engine)
    show(page, 900, 700)
    page.set_runs(RUNS)
    qtbot.waitUntil(lambda: [banner.text for banner in page.findChildren(Banner)] == ["This run has no model."])


def batch(page: TryPage, qtbot: QtBot) -> Any:
    with qtbot.waitSignal(page.asking.batch_done):
        page.incoming.take_files(["/x/a.png", "/x/b.png", "/x/c.png"])
    return find(page, "try.table").model()


def test_many_files_are_a_table_least_certain_first(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    table = batch(page, qtbot)
    assert [table.index(row, 0).data() for row in range(3)] == ["b.png", "a.png", "c.png"]
    assert table.index(2, 1).data() == "c.png is not an image."
    assert page.batch.count.text() == "3 inputs, least certain first · 1 failed"
    assert engine.jobs[-1].arguments["paths"] == ["/x/a.png", "/x/b.png", "/x/c.png"]


def test_the_table_is_filtered_by_label_and_least_score(page: TryPage, qtbot: QtBot) -> None:
    table = batch(page, qtbot)
    page.batch.label_filter.set_value("8")
    page.batch.label_filter.chosen.emit("8")
    assert [table.index(row, 0).data() for row in range(table.rowCount())] == ["b.png"]
    page.batch.label_filter.set_value("")
    page.batch.score_filter.set_value(0.9)
    page.batch.score_filter.chosen.emit(0.9)
    assert [table.index(row, 0).data() for row in range(table.rowCount())] == ["a.png"]


def test_the_table_is_saved_as_csv(
    page: TryPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch(page, qtbot)
    path = tmp_path / "p.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    find(page, "try.save").click()
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["File", "Prediction", "Score", "Latency"]
    assert rows[1] == ["b.png", "8", "0.6", "0.0031"]
    assert rows[3][:3] == ["c.png", "c.png is not an image.", ""]


def test_a_row_shows_its_image(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    batch(page, qtbot)
    with qtbot.waitSignal(panel(page).input._views.answered):
        page.batch.table.clicked.emit(page.batch.table.model().index(0, 0))
    assert label(page) == "8"
    assert engine.questions("prediction.seen")[-1]["input"] == {"path": "/x/b.png"}


def test_a_batch_shows_progress_and_can_be_cancelled(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    engine.held.add("prediction.batch")
    page.incoming.take_files(["/x/a.png", "/x/b.png"])
    engine.jobs[-1].report("Predicting", 10, 40)
    assert "Predicting, 10 of 40" in page.batch.busy.text()
    page.batch.busy.acted.emit()
    assert engine.jobs[-1].is_cancelled
    assert page.batch.empty.isVisible()


def test_texts_are_predicted_after_a_pause(text_page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    predicted(text_page, qtbot, lambda: find(text_page, "try.text").setPlainText("works well"))
    assert engine.questions("prediction.predict")[-1]["inputs"] == [{"text": "works well"}]
    assert label(text_page) == "7"
    predicted(text_page, qtbot, find(text_page, "try.predict").click)


def test_an_emptied_text_takes_its_answer_away(text_page: TryPage, qtbot: QtBot) -> None:
    predicted(text_page, qtbot, lambda: find(text_page, "try.text").setPlainText("works well"))
    find(text_page, "try.text").setPlainText("")
    qtbot.waitUntil(lambda: label(text_page) == "")


def test_a_dropped_text_and_a_text_file_go_into_the_box(text_page: TryPage, tmp_path: Path, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setText("dropped words")
    predicted(text_page, qtbot, lambda: drop(find(text_page, "try.drop"), data))
    assert find(text_page, "try.text").toPlainText() == "dropped words"
    path = tmp_path / "a.txt"
    path.write_text("from a file", encoding="utf-8")
    predicted(text_page, qtbot, lambda: text_page.incoming.take_files([path]))
    assert find(text_page, "try.text").toPlainText() == "from a file"


def test_a_table_of_texts_is_a_batch(text_page: TryPage, engine: Canned, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("text\nfine\n")
    with qtbot.waitSignal(text_page.asking.batch_done):
        text_page.incoming.take_files([path])
    assert engine.jobs[-1].arguments["paths"] == [str(path)]


def test_a_sample_text_shows_its_label(text_page: TryPage, qtbot: QtBot) -> None:
    predicted(text_page, qtbot, find(text_page, "try.sample").click)
    assert find(text_page, "try.text").toPlainText() == "lovely"
    assert panel(text_page).result.truth.text() == "Wrong: it is good"


def told(page: TryPage) -> list[str]:
    return [banner.text.split(".")[0] for banner in page.findChildren(Banner)]


def test_an_image_for_a_model_of_texts_is_refused_in_words(text_page: TryPage) -> None:
    text_page.incoming.take_image(picture())
    assert told(text_page) == ["This model reads texts, not images"]


def test_a_text_for_a_model_of_images_is_refused_in_words(page: TryPage) -> None:
    page.incoming.take_text("words")
    assert told(page) == ["This model reads images, not texts"]


def test_a_better_model_of_a_live_run_answers_again(page: TryPage, engine: Canned, qtbot: QtBot) -> None:
    predicted(page, qtbot, lambda: page.incoming.take_image(picture()))
    before = len(engine.questions("prediction.predict"))
    predicted(page, qtbot, lambda: page.set_runs([{**RUNS[0], "step": 70, "epoch": 7}, RUNS[1]]))
    assert len(engine.questions("prediction.predict")) == before + 1


def test_files_that_come_before_the_model_has_said_what_it_reads_wait(engine: Canned, show: Show, qtbot: QtBot) -> None:
    page = TryPage(engine, engine)
    show(page, 900, 700)
    page.set_runs(RUNS)
    page.incoming.take_files(["/x/a.png"])
    qtbot.waitUntil(lambda: page.findChild(QWidget, "try.label") is not None and label(page) == "7")


def test_a_text_file_in_another_encoding_is_left_to_the_engine(
    text_page: TryPage, engine: Canned, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("很好用，推荐".encode("gb18030"))
    with qtbot.waitSignal(text_page.asking.batch_done):
        text_page.incoming.take_files([path])
    assert engine.jobs[-1].arguments["paths"] == [str(path)]
