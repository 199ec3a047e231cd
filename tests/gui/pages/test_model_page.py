"""The Model page: cards, presets, the drawing that follows, and the measurement that waits for quiet."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, first, words
from tests.gui.pages.catalogue import catalogue
from workbench.core.errors import UserError
from workbench.gui.pages.model import ModelPage

Show = Callable[..., QWidget]
DATA = {"kind": "samples", "name": "digits"}
MEASURED = {"memory": 310e6, "seconds_per_step": 0.01, "seconds_per_epoch": 6.2, "samples_per_second": 12480.0,
            "batch_size": 32, "fits": True, "free": 8e9}  # fmt: skip


def summary(kind: str = "image") -> dict[str, Any]:
    shape = [1, 28, 28] if kind == "image" else []
    inputs = {"kind": kind, "shape": shape, "vocabulary": 0}
    return {"name": "d", "task": "classification", "inputs": inputs, "outputs": 10, "classes": [], "splits": {}}


def layers(asked: dict[str, Any]) -> Any:
    architecture = asked["architecture"]
    if architecture.get("kernel") == 31:
        return UserError("The {kernel} kernel is too large.", hint="Use a smaller one.", kernel=31)
    widths = architecture.get("widths", [architecture.get("hidden", 0)])
    rows = [
        {
            "name": words("Conv {width}", width=width),
            "kind": "conv",
            "output": [width, 28, 28],
            "parameters": 9,
            "flops": 2e6,
        }
        for width in widths
    ]
    drawing = [{"kind": "conv", "label": words("conv"), "shape": [width, 28, 28]} for width in widths]
    return {"parameters": 1000 + sum(widths), "layers": rows, "drawing": drawing, "assumed": None}


def fitting(**reasons: Any) -> dict[str, Any]:
    return {kind: {"task": "" if why else "classification", "why": why} for kind, why in reasons.items()}


@pytest.fixture
def engine() -> Canned:
    fits = fitting(words=words("reads texts"), net=None, plain=None)
    check = {"recipe": {"data": DATA, "architecture": {"kind": "net"}, "training": {}}}
    answers = {"model.fits": fits, "settings.check": check, "model.layers": layers, "model.measure": MEASURED}
    return Canned(answers)


@pytest.fixture
def page(engine: Canned, show: Show, qtbot: QtBot) -> ModelPage:
    page = ModelPage(engine, engine)
    page.network.estimate._quiet.setInterval(20)
    page.set_catalogue(catalogue())
    page.set_training({"batch_size": 64})
    show(page, 1000, 760)
    with qtbot.waitSignal(page.changed):
        page.set_data(DATA, summary())
    return page


def find(page: ModelPage, name: str) -> Any:
    return page.findChild(QWidget, name)


def test_says_that_data_come_first(engine: Canned, show: Show, qtbot: QtBot) -> None:
    page = ModelPage(engine, engine)
    show(page, 900, 700)
    assert page.empty.isVisible()
    assert page.next.toolTip() == "Open data first."
    with qtbot.waitSignal(page.data_requested):
        page.empty.acted.emit()


def test_cards_that_fit_come_first_and_the_others_say_why(page: ModelPage) -> None:
    assert page.choice.kinds() == ["net", "plain", "words"]
    assert page.choice.card("words").reason() == "reads texts"
    assert not page.choice.card("words").isEnabled()
    assert page.choice.card("net").isChecked()  # what the engine takes for these data
    assert page.architecture() == {"kind": "net", "widths": [32, 64], "kernel": 3}
    assert find(page, "model.form") is not None


def test_a_preset_fills_the_fields_and_an_edit_makes_it_custom(page: ModelPage, qtbot: QtBot) -> None:
    preset = find(page, "model.preset")
    assert preset.currentText() == "Custom"
    with qtbot.waitSignal(page.changed) as told:
        preset.setCurrentText("Large")
        preset.activated.emit(preset.currentIndex())
    assert first(told) == {"kind": "net", "widths": [64, 128], "kernel": 5}
    assert find(page, "form.architecture.kernel").text() == "5"
    with qtbot.waitSignal(page.changed):
        find(page, "form.architecture.kernel").setText("7")
    assert preset.currentText() == "Custom"
    with qtbot.waitSignal(page.changed):
        find(page, "form.architecture.kernel").setText("5")
    assert preset.currentText() == "Large"


def test_layers_and_drawing_follow_an_edit(page: ModelPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.changed, timeout=1000):
        find(page, "form.architecture.widths").setText("8, 16, 32")
    table = find(page, "model.layers").model()
    assert [table.index(row, 0).data() for row in range(3)] == ["Conv 8", "Conv 16", "Conv 32"]
    assert table.index(0, 1).data() == "8×28×28"
    assert table.index(0, 3).data() == "2.00"
    assert [block.shape for block in page.network.drawing.blocks()] == [(8, 28, 28), (16, 28, 28), (32, 28, 28)]
    assert page.network.estimate.parameters.figure() == "1,056"


def test_what_cannot_be_built_is_said_and_fades_the_drawing(page: ModelPage, qtbot: QtBot) -> None:
    find(page, "form.architecture.kernel").setText("31")
    message = find(page, "model.message")
    qtbot.waitUntil(message.isVisible)
    assert message.text() == "The 31 kernel is too large. Use a smaller one."
    assert page.network.is_faded()
    assert page.architecture() == {}
    assert not page.next.isEnabled()
    with qtbot.waitSignal(page.changed):
        find(page, "form.architecture.kernel").setText("3")
    assert not message.isVisible()
    assert not page.network.is_faded()
    with qtbot.waitSignal(page.training_requested):
        page.next.click()


def test_a_value_out_of_range_asks_nothing(page: ModelPage, engine: Canned) -> None:
    before = len(engine.questions("model.layers"))
    find(page, "form.architecture.kernel").setText("99")
    assert page.network.is_faded()
    assert len(engine.questions("model.layers")) == before


def test_measures_after_a_moment_of_quiet(page: ModelPage, engine: Canned, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.network.estimate.measured):
        pass
    assert page.network.estimate.memory.figure() == "310 MB"
    assert page.network.estimate.time.figure() == "6.2 s"
    recipe = engine.jobs[-1].arguments["recipe"]
    assert recipe == {"data": DATA, "architecture": page.architecture(), "training": {"batch_size": 64}}


def test_an_edit_cancels_the_measurement_it_outdates(page: ModelPage, engine: Canned, qtbot: QtBot) -> None:
    engine.held.add("model.measure")
    qtbot.waitUntil(lambda: bool(engine.jobs))
    with qtbot.waitSignal(page.changed):
        find(page, "form.architecture.kernel").setText("5")
    assert engine.jobs[0].is_cancelled
    engine.held.clear()
    with qtbot.waitSignal(page.network.estimate.measured):
        pass
    assert engine.jobs[-1].arguments["recipe"]["architecture"]["kernel"] == 5


def test_another_batch_size_is_measured_again(page: ModelPage, engine: Canned, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.network.estimate.measured):
        pass
    with qtbot.waitSignal(page.network.estimate.measured):
        page.set_training({"batch_size": 128})
    assert engine.jobs[-1].arguments["recipe"]["training"] == {"batch_size": 128}


def test_the_fastest_settings_are_found_when_asked_for(page: ModelPage, engine: Canned, qtbot: QtBot) -> None:
    estimate = page.network.estimate
    with qtbot.waitSignal(estimate.measured):
        pass
    named = {"template": "threads {value}", "values": {"value": "1"}}
    engine.answers["model.tune"] = {"settings": {"threads": 1}, "named": named, "ratio": 1.5}
    with qtbot.waitSignal(estimate.measured):  # again, with what was found
        estimate.fastest.click()
        assert estimate.busy.isVisible()
        assert not estimate.fastest.isVisible()
    assert [job.name for job in engine.jobs[-2:]] == ["model.tune", "model.measure"]
    assert estimate.state.text() == "Fastest: threads 1, 1.50 times. Kept for later runs."
    assert not estimate.fastest.isVisible()
    engine.answers["model.tune"] = {"settings": {}, "named": named, "ratio": 1.0}
    with qtbot.waitSignal(estimate.measured):
        find(page, "form.architecture.kernel").setText("5")
    estimate.fastest.click()
    qtbot.waitUntil(estimate.fastest.isVisible)
    assert estimate.state.text() == "Nothing is faster than what is taken by itself."


def test_an_edit_ends_the_search_for_the_fastest_settings(page: ModelPage, engine: Canned, qtbot: QtBot) -> None:
    estimate = page.network.estimate
    with qtbot.waitSignal(estimate.measured):
        pass
    engine.held.add("model.tune")
    estimate.fastest.click()
    with qtbot.waitSignal(estimate.measured):
        find(page, "form.architecture.kernel").setText("5")
    assert next(job for job in engine.jobs if job.name == "model.tune").is_cancelled


def test_a_failed_measurement_is_said_and_can_be_tried_again(page: ModelPage, engine: Canned, qtbot: QtBot) -> None:
    engine.answers["model.measure"] = UserError("Out of memory.", hint="Try a smaller batch.")
    estimate = page.network.estimate
    qtbot.waitUntil(estimate.again.isVisible)
    assert estimate.state.text() == "Out of memory. Try a smaller batch."
    engine.answers["model.measure"] = MEASURED
    with qtbot.waitSignal(estimate.measured):
        estimate.again.click()


def test_going_to_another_architecture_and_back_keeps_what_was_entered(page: ModelPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.changed):
        find(page, "form.architecture.kernel").setText("9")
    for kind in ("plain", "net"):
        with qtbot.waitSignal(page.changed):
            page.choice.card(kind).click()
    assert page.architecture()["kernel"] == 9


def test_takes_the_architecture_of_an_earlier_run(page: ModelPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.changed) as told:
        page.set_architecture({"kind": "plain", "hidden": 99})
    assert first(told) == {"kind": "plain", "hidden": 99}
    assert page.choice.card("plain").isChecked()


def test_other_data_choose_an_architecture_that_fits(page: ModelPage, engine: Canned, qtbot: QtBot) -> None:
    engine.answers["model.fits"] = fitting(words=None, net=words("reads images"), plain=words("reads images"))
    engine.answers["settings.check"] = {"recipe": {"architecture": {"kind": "words"}}}
    with qtbot.waitSignal(page.changed) as told:
        page.set_data({"kind": "samples", "name": "reviews"}, summary("text"))
    assert first(told)["kind"] == "words"
    assert not find(page, "model.preset").isVisible()


def test_a_batch_that_does_not_fit_is_said_with_one_that_does(page: ModelPage, engine: Canned, qtbot: QtBot) -> None:
    engine.answers["model.measure"] = {**MEASURED, "fits": False, "batch_size": 24, "free": 2e9}
    with qtbot.waitSignal(page.fitting_found) as found:
        page.set_training({"batch_size": 512})
    assert found.args == [24]
    estimate = page.network.estimate
    assert estimate.state.text() == "This batch does not fit into the 2.0 GB that are free. Batch 24 fits."
    assert estimate.take.text() == "Take batch 24"
    with qtbot.waitSignal(page.start_changed) as wanted:
        estimate.take.click()
    assert wanted.args == [{"batch_size": 24}]
