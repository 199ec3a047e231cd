"""The Train page on its own: values in, signals out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.core.run_maker import queued_run, started, steps
from tests.gui.signals import carried
from workbench.core.errors import Mend, UserError
from workbench.core.events import EpochDone, Event, Failed, Finished, ModelSaved, Preparing, StepsDone, Warned
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import Batch
from workbench.core.words import Words
from workbench.gui.pages.train import TrainPage
from workbench.gui.widgets.banner import Banner

CATALOGUE = {
    "metrics": {
        "accuracy": {"title": "Accuracy", "better": "higher", "percent": True},
        "loss": {"title": "Loss", "better": "lower", "percent": False},
        "error": {"title": "Error", "better": "lower", "percent": False},
    },
    "optimizers": {
        kind: {
            "title": kind.upper(),
            "summary": "",
            "schema": {
                "properties": {
                    "kind": {"const": kind},
                    "learning_rate": {
                        "type": "number",
                        "exclusiveMinimum": 0,
                        "default": 0.01,
                        "title": "Learning rate",
                    },
                }
            },
        }
        for kind in ("sgd", "adamw")
    },
    "schedules": {
        "constant": {"title": "Constant", "summary": "", "schema": {"properties": {"kind": {"const": "constant"}}}}
    },
    "training": {
        "schema": {
            "properties": {
                "epochs": {"type": "integer", "minimum": 1, "default": 3, "title": "Epochs"},
                "batch_size": {"type": "integer", "minimum": 1, "default": 64, "title": "Batch size"},
                "optimizer": {"registry": "training.optimizer", "default_kind": "adamw", "title": "Optimizer"},
                "device": {"type": "string", "pattern": "^auto$", "default": "auto", "title": "Device"},
            }
        }
    },
}
METRICS = {"validation_loss": 0.5, "validation_accuracy": 0.75, "training_accuracy": 0.8}


def batch(*events: Event, keep_until: int | None = None) -> Batch:
    scalars: dict[str, Any] = {}
    for event in events:
        if isinstance(event, StepsDone):
            scalars |= event.scalars
    return Batch(tuple(event for event in events if not isinstance(event, StepsDone)), scalars, keep_until)


def one(step: int, **values: float) -> StepsDone:
    return StepsDone(
        step, {name: (np.array([step], np.uint32), np.array([v], np.float32)) for name, v in values.items()}
    )


@pytest.fixture
def page(show: Callable[..., Any]) -> TrainPage:
    page = TrainPage()
    page.set_catalogue(CATALOGUE)
    page.set_draft("", "digits · MLP", 100, 1234, 10)
    return show(page, 900, 700)


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    return queued_run(tmp_path)


def visible(page: TrainPage) -> set[str]:
    names = ("start", "pause", "stop", "resume", "more", "fork", "try", "discard")
    return {name for name in names if widget(page, f"train.{name}").isVisible()}


def widget(page: TrainPage, name: str) -> Any:
    return page.findChild(QWidget, name)


def test_without_data_the_page_leads_to_them(qtbot: QtBot, page: TrainPage):
    for missing, signal in (("data", page.data_requested), ("model", page.model_requested)):
        page.set_draft(missing)
        assert page.stack.currentWidget() is page.empty
        with qtbot.waitSignal(signal):
            page.empty.acted.emit()
        assert not page.buttons.start.isEnabled()
    page.set_draft("")
    assert page.buttons.start.isEnabled()


def test_before_the_first_run_the_costs_and_the_learning_rate_are_shown(page: TrainPage):
    page.show_draft_rates([0, 10, 29], [0.1, 0.05, 0.0], "Cosine")
    assert page.right.currentWidget() is page.ready
    assert page.ready.steps.accessibleName().startswith("30")
    assert len(page.ready.rates.points("planned")[0]) == 3
    assert visible(page) == {"start"}


def test_the_form_is_the_training_section(qtbot: QtBot, page: TrainPage):
    with qtbot.waitSignal(page.changed) as waiter:
        widget(page, "form.training.epochs").setText("7")
    assert carried(waiter)["epochs"] == 7
    assert list(carried(waiter)) == ["epochs", "batch_size", "optimizer", "device"]  # in the order of the declaration
    page.set_training({"optimizer": {"kind": "sgd", "learning_rate": 0.5}})
    assert page.training()["optimizer"] == {"kind": "sgd", "learning_rate": 0.5}


def test_a_wrong_value_keeps_start_from_being_pressed(page: TrainPage):
    widget(page, "form.training.epochs").setText("0")
    assert not page.buttons.start.isEnabled()
    assert "marked" in page.buttons.start.toolTip()
    widget(page, "form.training.epochs").setText("1")
    assert page.buttons.start.isEnabled()


def test_devices_of_the_machine_can_be_chosen(page: TrainPage):
    page.set_training({"epochs": 9})
    page.set_devices([{"name": "cuda:0", "title": "A fast card"}, {"name": "cpu", "title": "A processor"}], "")
    box = widget(page, "form.training.device")
    assert [box.itemText(place) for place in range(box.count())] == ["Automatic", "A fast card", "A processor"]
    box.setCurrentText("A fast card")
    assert page.training()["device"] == "cuda:0"
    assert page.training()["epochs"] == 9


def test_what_a_check_finds_is_shown_at_its_field_or_in_a_banner(page: TrainPage):
    page.show_check(UserError("{name} must be smaller.", name="training.batch_size"))
    assert page.settings.form is not None
    assert page.settings.form.errors() == {"batch_size": "training.batch_size must be smaller."}
    assert not page.buttons.start.isEnabled()
    page.show_check(UserError("The parts do not fit.", hint="Choose others."))
    assert [banner.text for banner in page.findChildren(Banner)] == ["The parts do not fit. Choose others."]
    page.show_check(None)
    assert page.settings.form.errors() == {}
    assert page.buttons.start.isEnabled()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("running", {"start", "pause", "stop"}),
        ("paused", {"start", "pause", "stop"}),
        ("stopping", {"start", "stop"}),
        ("finished", {"discard", "start", "more", "try"}),
        ("stopped", {"discard", "start", "more", "resume", "try"}),
        ("interrupted", {"discard", "start", "resume", "try"}),
        ("failed", {"discard", "start", "resume", "try"}),
    ],
)
def test_each_state_offers_what_can_be_done(state: str, expected: set[str], page: TrainPage, folder: RunFolder):
    page.show_run(folder, "digits")
    page.take(batch(started(), ModelSaved("m", 10, 1, True, METRICS)))
    page.set_state(state)
    assert visible(page) == expected
    last = {"finished": "try_it", "interrupted": "resume", "failed": "start", "running": "stop", "paused": "pause"}
    if state in last:
        assert getattr(page.buttons, last[state]).property("look") == "primary"


def test_a_run_without_a_model_has_nothing_to_try(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.take(batch(started()))
    page.set_state("interrupted")
    assert "try" not in visible(page)


def test_buttons_say_what_they_are_for_and_carry_the_runs_name(qtbot: QtBot, page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.take(batch(started(), ModelSaved("m", 10, 1, True, METRICS)))
    page.set_state("running")
    for button, wish in ((page.buttons.pause, "pause"), (page.buttons.stop, "stop")):
        with qtbot.waitSignal(page.wished) as waiter:
            button.click()
        assert waiter.args == [folder.name, wish]
        page.set_state("running")
    page.set_state("paused")
    with qtbot.waitSignal(page.wished) as waiter:
        page.buttons.pause.click()
    assert waiter.args == [folder.name, "run"]
    page.set_state("interrupted")
    with qtbot.waitSignal(page.resumed) as waiter:
        page.buttons.resume.click()
    assert waiter.args == [folder.name, []]
    page.set_state("finished")
    with qtbot.waitSignal(page.try_requested) as waiter:
        page.buttons.try_it.click()
    assert waiter.args == [folder.name]


def test_more_epochs_count_from_where_the_run_ended(qtbot: QtBot, page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.take(batch(started(epochs=8), EpochDone(2, 20, METRICS, 1.0)))
    page.set_state("stopped")
    with qtbot.waitSignal(page.resumed) as waiter:
        page.buttons.more.menu().actions()[1].trigger()
    assert waiter.args == [folder.name, ["training.epochs=7"]]
    page.take(batch(EpochDone(8, 80, METRICS, 1.0), Finished(80, 8, 9.0, METRICS)))
    page.set_state("finished")
    with qtbot.waitSignal(page.resumed) as waiter:
        page.buttons.more.menu().actions()[1].trigger()
    assert waiter.args == [folder.name, ["training.epochs=13"]]


def test_points_progress_and_best_values_follow_the_batches(page: TrainPage, folder: RunFolder):
    page.show_run(folder, "digits · MLP")
    page.take(batch(started(), steps(1, 10)))
    page.set_state("running")
    page.take(batch(one(10, **METRICS), EpochDone(1, 10, METRICS, 2.0), ModelSaved("m", 10, 1, True, METRICS)))
    assert page.plots.loss_plot.points("training")[0].tolist() == list(range(1, 11))
    assert page.plots.loss_plot.points("validation")[1].tolist() == [0.5]
    assert page.plots.metric_plot.points("validation")[0].tolist() == [1.0]
    assert page.plots.metric_plot.markers.best() == (1.0, "best 75.0 %")
    assert page.status.line.text().startswith("Epoch 2 of 3, step 10 of 30, 33 %")
    assert "4 s left" in page.status.line.text()
    assert page.status.status.text() == "Training now  ·  best accuracy 75.0 %, epoch 1"


def test_the_best_of_a_run_that_ends_within_its_epoch_is_marked_at_its_point(page: TrainPage, folder: RunFolder):
    page.show_run(folder, "digits · MLP")
    page.take(batch(started(), steps(1, 5)))
    page.set_state("running")
    page.take(batch(one(5, **METRICS), EpochDone(1, 5, METRICS, 2.0), ModelSaved("m", 5, 1, True, METRICS)))
    assert page.plots.metric_plot.points("validation")[0].tolist() == [0.5]
    assert page.plots.metric_plot.markers.best() == (0.5, "best 75.0 %")


def test_a_new_attempt_replaces_what_it_leaves_behind(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.take(batch(started(), steps(1, 25)))
    page.take(batch(started(2, 10), steps(11, 12, 9.0), keep_until=10))
    numbers, values = page.plots.loss_plot.points("training")
    assert numbers.tolist() == list(range(1, 13))
    assert values.tolist() == [*range(1, 11), 9.0, 9.0]


def test_a_task_with_another_metric_gets_a_plot_of_its_own(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    metrics = {"validation_loss": 0.5, "validation_error": 3.0}
    page.take(batch(started(), one(10, **metrics), EpochDone(1, 10, metrics, 1.0)))
    plot = widget(page, "train.metric_plot")
    assert plot.accessibleName() == "Error"
    assert plot.points("validation")[1].tolist() == [3.0]
    assert len(page.findChildren(QWidget, "train.metric_plot")) == 1
    page.plots.clear()
    assert (
        page.plots.metric_plot.accessibleName() == "Metric"
    )  # not the earlier run's, until an epoch of this one is over


def test_the_learning_rate_is_planned_first_and_recorded_at_the_end(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.take(batch(started(), one(1, learning_rate=0.1)))
    page.set_state("running")
    page.plots.show_planned([0, 29], [0.1, 0.0], "Cosine")
    assert page.plots.rates.points("planned")[0].tolist() == [0, 29]
    page.take(batch(one(2, learning_rate=0.05), Finished(2, 1, 1.0, {})))
    assert page.plots.rates.points("planned")[0].tolist() == [1, 2]


def test_getting_ready_is_shown_with_its_stage(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    assert page.state() == "starting"
    page.set_state("queued")
    assert page.state() == "starting"
    page.take(batch(Preparing(Words("Reading {name}", {"name": "digits"}), 1, 4)))
    page.set_state("running")
    assert page.status.status.text() == "Getting ready: Reading digits"
    assert page.status.line.fraction() == 0.25


def test_warnings_stand_at_the_foot_and_the_log_on_demand(page: TrainPage, folder: RunFolder):
    (folder.path / "log.txt").write_text("what the trainer printed\n")
    page.show_run(folder)
    page.take(batch(started()))
    assert not page.messages.isVisible()
    page.take(batch(*(Warned(Words("Warning {n}", {"n": n}), n) for n in range(5))))
    assert page.messages.isVisible()
    texts = [child.accessibleName() for child in page.messages.findChildren(QWidget)]
    assert "Warning 4" in texts
    assert "Warning 0" not in texts
    assert any("3 earlier messages" in text for text in texts)
    page.status.log.click()
    assert "what the trainer printed" in page.messages.log.toPlainText()
    page.status.log.click()
    assert not page.messages.log.isVisible()


def test_a_failed_run_says_why_and_what_to_do(page: TrainPage, folder: RunFolder):
    error = UserError("The loss became {value}.", hint="Lower the learning rate.", details="Traceback", value="NaN")
    page.show_run(folder)
    page.take(batch(started(), steps(1, 7), Failed(7, error.to_plain())))
    page.set_state("failed")
    (banner,) = page.findChildren(Banner)
    assert banner.text == "The loss became NaN. Lower the learning rate."
    assert page.status.status.text() == "Failed at step 7"


def test_beside_a_run_the_form_says_what_it_will_train(page: TrainPage, folder: RunFolder):
    page.set_draft("", "reviews  ·  Text CNN", 100, 1234, 10)
    assert not page.settings.next.isVisible()
    page.show_run(folder, "digits  ·  MLP")
    page.take(batch(started(), Failed(0, UserError("No.").to_plain())))
    page.set_state("failed")
    assert page.settings.next.text() == "Next: reviews  ·  Text CNN"
    page.show_run(None)
    assert not page.settings.next.isVisible()


def test_no_learning_rate_is_planned_while_settings_are_refused(page: TrainPage, folder: RunFolder):
    for forbid in (lambda: page.show_check(UserError("No.")), lambda: page.settings.form.field("epochs").setText("x")):
        page.show_draft_rates([0, 10, 29], [0.1, 0.05, 0.0], "Cosine")
        assert len(page.ready.rates.points("planned")[0]) == 3
        forbid()
        assert len(page.ready.rates.points("planned")[0]) == 0


def test_a_run_that_failed_before_its_first_step_has_nothing_to_go_on_from(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.take(batch(started(), Failed(0, UserError("Nothing in a fits this network.").to_plain())))
    page.set_state("failed")
    assert visible(page) == {"discard", "start"}


def test_t4_a_diverged_run_is_gone_on_with_gently(qtbot: QtBot, page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    error = UserError("The loss became NaN.")
    page.take(batch(started(), ModelSaved("m", 10, 1, True, METRICS), Failed(7, error.to_plain(), diverged=True)))
    page.set_state("failed")
    assert visible(page) == {"discard", "start", "fork", "try"}  # a resume would come to the same end
    assert page.buttons.fork.property("look") == "primary"
    menu = page.buttons.fork.menu()
    assert [action.text() for action in menu.actions()] == [
        "With a tenth of the learning rate", "With gradients clipped at 1", "With both",
    ]  # fmt: skip
    with qtbot.waitSignal(page.forked) as waiter:
        menu.actions()[1].trigger()
    assert waiter.args == [folder.name, "clip"]


def test_t3_what_was_short_of_memory_is_marked_on_the_curve(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.take(batch(started(), one(1, training_loss=1.0), Warned(Words("The memory was not enough."), 1)))
    assert page.plots.loss_plot.markers.notes() == {1: "The memory was not enough."}
    page.show_run(folder)
    assert page.plots.loss_plot.markers.notes() == {}


def test_t5_steps_that_float16_leaves_out_are_counted(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.take(batch(started(), one(4, skipped_steps=2.0)))
    assert page.plots.measured["skipped_steps"].points("skipped_steps")[1].tolist() == [2.0]


def test_a_batch_that_does_not_fit_is_said_at_its_setting(page: TrainPage):
    form = page.settings.form
    assert form is not None
    page.show_fitting(24)
    assert form.caption("batch_size") == "Does not fit; 24 does, as measured"
    page.show_fitting(0)
    assert form.caption("batch_size") == "10 steps per epoch"


def test_keys_start_and_pause(qtbot: QtBot, page: TrainPage, folder: RunFolder):
    with qtbot.waitSignal(page.start_requested):
        QTest.keyClick(page.window(), Qt.Key.Key_F5)
    page.show_run(folder)
    page.set_state("running")
    with qtbot.waitSignal(page.wished) as waiter:
        QTest.keyClick(page.window(), Qt.Key.Key_F6)
    assert waiter.args == [folder.name, "pause"]


def test_discarding_is_confirmed(qtbot: QtBot, page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    page.set_state("interrupted")
    page.buttons.discard.click()
    with qtbot.waitSignal(page.discarded) as waiter:
        widget(page, "train.discard_yes").click()
    assert waiter.args == [folder.name]


def test_the_queue_is_reordered_and_emptied(qtbot: QtBot, page: TrainPage):
    waiting = [{"name": name, "title": name.upper(), "line": "3 epochs"} for name in "abc"]
    page.queue.set_runs(waiting)
    assert page.queue.isVisibleTo(page)
    page.queue.list.setCurrentRow(1)
    with qtbot.waitSignal(page.queue_moved) as waiter:
        page.queue.up.click()
    assert waiter.args == ["b", 0]
    with qtbot.waitSignal(page.queue_removed) as waiter:
        page.queue.remove.click()
    assert waiter.args == ["b"]
    page.queue.set_runs([])
    assert not page.queue.isVisibleTo(page)


def test_dragging_in_the_queue_tells_the_new_place(qtbot: QtBot, page: TrainPage):
    page.queue.set_runs([{"name": name, "title": name, "line": ""} for name in "abc"])
    page.queue.list.setCurrentRow(2)
    model = page.queue.list.model()
    with qtbot.waitSignal(page.queue_moved) as waiter:
        model.moveRow(page.queue.list.rootIndex(), 2, page.queue.list.rootIndex(), 0)
    assert waiter.args == ["c", 0]


def test_what_a_check_found_is_mended_at_a_click(qtbot: QtBot, page: TrainPage):
    mend = Mend("Replace by group norm", {"architecture.normalization": "group"})
    page.show_check(UserError("Batch norm cannot be.", mend=mend))
    (offer,) = [button for button in page.findChildren(QPushButton) if button.text() == "Replace by group norm"]
    with qtbot.waitSignal(page.mend_requested) as told:
        qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert told.args == [{"architecture.normalization": "group"}]


def test_what_is_spent_of_the_privacy_budget_is_shown(page: TrainPage, folder: RunFolder):
    page.show_run(folder)
    meter = page.status.privacy
    page.take(batch(started()))
    page.set_state("running")
    assert not meter.isVisible()
    page.take(batch(replace(started(), privacy={"epsilon": 3.0, "delta": 1e-5})))
    assert meter.isVisible()
    assert meter.text().startswith("ε 0 of 3.00")
    page.take(batch(one(12, training_loss=1.0, epsilon=1.234)))
    assert meter.text().startswith("ε 1.23 of 3.00")
    assert meter.text().endswith("δ 1e-5")
    assert "Privacy" in meter.accessibleName()
