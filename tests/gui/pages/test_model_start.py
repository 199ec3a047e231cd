"""The card "Start from" on the Model page: weights to begin with, layers that keep them, and what would not fit."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages import test_model_page
from tests.gui.pages.canned import Canned, first, words
from tests.gui.pages.catalogue import catalogue
from workbench.core.errors import UserError
from workbench.gui.pages.model import ModelPage
from workbench.gui.pages.model_start import ModelStart

Show = Callable[..., QWidget]
RUN = {"path": "/runs/2026_net-digits_1", "title": "net-digits", "epoch": 6, "score": "91.9 %", "live": False}
LAYERS = ["features.0", "features.3", "classifier.1"]
NETWORK = {"architecture": {"kind": "net"}, "inputs": {"kind": "image"}, "outputs": 10, "tasks": ["classification"]}
MATCH = {
    "name": "net-digits",
    "loaded": 2,
    "all": 3,
    "rows": [
        {"tensor": "features.0.weight", "state": "loaded", "reason": None},
        {"tensor": "features.0.bias", "state": "loaded", "reason": None},
        {"tensor": "head.weight", "state": "fresh", "reason": words("It is {a} there.", a="10×16")},
        {"tensor": "teacher", "state": "left over", "reason": words("The network has no such layer.")},
    ],
}


@pytest.fixture
def engine() -> Canned:
    return Canned({"start.match": MATCH, "start.layers": LAYERS})


@pytest.fixture
def card(engine: Canned, show: Show, monkeypatch: pytest.MonkeyPatch) -> ModelStart:
    monkeypatch.setattr("workbench.gui.pages.model_start._PAUSE", 1)
    card = ModelStart(engine)
    card.set_runs([RUN], "/runs")
    card.set_network(**NETWORK)
    show(card, 800, 500)
    return card


def find(card: QWidget, name: str) -> Any:
    return card.findChild(QWidget, name)


def said(card: ModelStart) -> str:
    return find(card, "model.start_sentence").text()


def choose(box: Any, text: str) -> None:
    place = next(place for place in range(box.count()) if box.itemText(place).startswith(text))
    box.setCurrentIndex(place)
    box.activated.emit(place)


def opened(card: ModelStart, engine: Canned, qtbot: QtBot) -> ModelStart:
    card.fold.set_open(True)
    qtbot.waitUntil(lambda: find(card, "model.freeze").count() == 1 + len(LAYERS))
    return card


def test_asks_nothing_while_it_is_folded(card: ModelStart, engine: Canned, qtbot: QtBot) -> None:
    qtbot.wait(5)
    assert not engine.asked
    opened(card, engine, qtbot)
    assert [name for name, _ in engine.asked] == ["start.layers"]  # fresh weights match in any case
    assert said(card) == ""


def test_the_weights_of_a_run_are_compared(card: ModelStart, engine: Canned, qtbot: QtBot) -> None:
    opened(card, engine, qtbot)
    with qtbot.waitSignal(card.changed) as told:
        choose(find(card, "model.start_from"), "net-digits")
    assert first(told) == {"start_from": RUN["path"], "freeze": "none"}
    qtbot.waitUntil(lambda: said(card).startswith("2 of 3"))
    assert said(card) == "2 of 3 tensors fit. 1 begins fresh. 1 of net-digits is not used."
    assert engine.questions("start.match") == [{**NETWORK, "start_from": RUN["path"], "runs": "/runs"}]
    table = find(card, "model.start_table").model()
    shown = [[table.index(row, column).data() for column in range(3)] for row in range(table.rowCount())]
    assert shown == [
        ["head.weight", "begins fresh", "It is 10×16 there."],
        ["teacher", "is not used", "The network has no such layer."],
    ]


def test_a_file_or_a_folder_is_chosen(
    card: ModelStart, engine: Canned, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(card, engine, qtbot)
    box = find(card, "model.start_from")
    answers = iter(["", "/home/bert"])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/home/net.safetensors", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(answers))
    choose(box, "A file…")
    assert (card.values()["start_from"], box.currentText()) == ("/home/net.safetensors", "net.safetensors")
    choose(box, "A folder…")  # and thinks better of it
    assert (card.values()["start_from"], box.currentText()) == ("/home/net.safetensors", "net.safetensors")
    choose(box, "A folder…")
    assert (card.values()["start_from"], box.currentText()) == ("/home/bert", "bert")
    choose(box, "Fresh weights")
    assert card.values()["start_from"] == ""


def test_what_does_not_fit_is_said(card: ModelStart, engine: Canned, qtbot: QtBot) -> None:
    engine.answers["start.match"] = UserError("Nothing in {source} fits.", hint="Choose another.", source="net")
    card.set_training({"start_from": "/home/net.pth"})
    assert card.fold.is_open()
    qtbot.waitUntil(lambda: said(card) == "Nothing in net fits. Choose another.")
    assert not card.differences.isVisible()


def test_layers_are_frozen_up_to_one(card: ModelStart, engine: Canned, qtbot: QtBot) -> None:
    opened(card, engine, qtbot)
    box = find(card, "model.freeze")
    assert [box.itemText(place) for place in range(box.count())] == ["Nothing is frozen", *LAYERS]
    with qtbot.waitSignal(card.changed) as told:
        choose(box, "features.3")
    assert first(told) == {"start_from": "", "freeze": "features.3"}


@pytest.mark.parametrize(("layer", "place", "wrong"), [("features", 1, False), ("gone", 1, True)])
def test_a_layer_of_a_recipe_is_kept(
    card: ModelStart, engine: Canned, qtbot: QtBot, layer: str, place: int, wrong: bool
) -> None:
    card.set_training({"freeze": layer})
    box = find(card, "model.freeze")
    qtbot.waitUntil(lambda: box.count() == 2 + len(LAYERS))
    assert (box.currentText(), box.currentIndex()) == (layer, place)
    assert card.wrong_layer.isVisible() == wrong


def test_settings_of_the_train_page_are_shown_without_a_signal(card: ModelStart, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(card.changed):
        card.set_training({"start_from": "2026_net-digits_1", "freeze": "features.0"})
    assert find(card, "model.start_from").currentText().startswith("net-digits")  # the run, called by its folder's name
    with qtbot.assertNotEmitted(card.changed):
        card.set_runs([])
    assert find(card, "model.start_from").currentText() == "2026_net-digits_1"


def test_the_page_asks_about_its_network_and_passes_choices_on(show: Show, qtbot: QtBot) -> None:
    fits = test_model_page.fitting(words=words("reads texts"), net=None, plain=None)
    check = {"recipe": {"architecture": {"kind": "net"}}}
    engine = Canned({
        "model.fits": fits, "settings.check": check, "model.layers": test_model_page.layers,
        "model.measure": test_model_page.MEASURED, "start.layers": LAYERS, "start.match": MATCH,
    })  # fmt: skip
    page = ModelPage(engine, engine)
    page.set_catalogue(catalogue())
    page.set_runs([RUN], "/runs")
    show(page, 1000, 760)
    with qtbot.waitSignal(page.changed):
        page.set_data(test_model_page.DATA, test_model_page.summary())
    find(page, "model.start").set_open(True)
    qtbot.waitUntil(lambda: find(page, "model.freeze").count() == 1 + len(LAYERS))
    asked = engine.questions("start.layers")[-1]
    assert asked == engine.questions("model.layers")[-1]
    with qtbot.waitSignal(page.start_changed) as told:
        choose(find(page, "model.freeze"), "features.0")
    assert first(told) == {"start_from": "", "freeze": "features.0"}
    find(page, "form.architecture.kernel").setText("31")  # no network
    qtbot.waitUntil(page.network.is_faded)
    labels = [label.text() for label in page.start.findChildren(QLabel) if label.isVisible()]
    assert labels == ["Weights", "Freeze up to"]
    page.stop()
