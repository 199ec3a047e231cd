"""The window as a whole, with stand-ins for engine and trainer: names, joins, closing, re-opening, language."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.core.run_maker import finished_run, queued_run, started, steps, write
from tests.gui.person import Person
from workbench.core import words
from workbench.core.errors import UserError
from workbench.core.files import read_json
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.core.run_summary import recipe_of
from workbench.gui import engine_client, jobs, theme
from workbench.gui.app import make_window
from workbench.gui.main_window import MainWindow, restored_text
from workbench.gui.memory import Memory
from workbench.gui.pages.trying import panel_for
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.elided_label import ElidedLabel

HERE = Path(__file__).parent
PARTS = {
    "nav": "data model train runs try share",
    "data": "sample open drop summary preview problems",
    "model": "architecture form layers estimate",
    "train": "form start pause stop progress status loss_plot metric_plot",
    "runs": "table compare",
    "try": "run open sample drop text predict result",
    "share": "target",
    "form.training": "epochs batch_size optimizer optimizer.learning_rate schedule runs_in device",
}
Open = Callable[[], MainWindow]


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real declarations of all settings, asked for once."""
    from workbench.core.events import finite
    from workbench.engine import ask

    path = tmp_path_factory.mktemp("catalogue") / "catalogue.json"
    path.write_text(json.dumps(finite(ask("settings.catalogue")), default=str))
    return path


@pytest.fixture
def runs(own_folders: Path) -> Path:
    return own_folders / "runs"


@pytest.fixture
def stand_ins(catalogue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that has canned answers, and a trainer that only pretends."""
    monkeypatch.setenv("WORKBENCH_TEST_CATALOGUE", str(catalogue))
    monkeypatch.setattr(engine_client, "ENGINE", (sys.executable, str(HERE / "canned_engine.py")))
    monkeypatch.setattr(jobs, "TRAINER", (sys.executable, str(HERE / "fake_trainer.py")))


@pytest.fixture
def open_window(qtbot: QtBot, runs: Path, stand_ins: None) -> Open:
    """Return a function that opens a window with the stand-ins for engine and trainer."""

    def opened() -> MainWindow:
        window = make_window(runs)
        qtbot.addWidget(window, before_close_func=lambda window: window.end("stop"))
        window.show()
        qtbot.waitUntil(lambda: bool(window.behind.catalogue), timeout=20_000)
        return window

    return opened


@pytest.fixture
def soon(qtbot: QtBot) -> Callable[[Callable[[], Any]], None]:
    return lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=20_000)


def find(window: MainWindow, name: str) -> Any:
    return window.findChild(QWidget, name)


def set_up(window: MainWindow, soon: Any, rate: float) -> None:
    """Open the digits, and choose by the learning rate what the pretended trainer does."""
    if not window.behind.draft.data:
        window.workspace.data.open_sample("digits")
        soon(window.behind.draft.is_complete)
    window.workspace.go("train")
    find(window, "form.training.optimizer.learning_rate").setText(str(rate))
    soon(lambda: window.behind.draft.training["optimizer"]["learning_rate"] == rate)
    soon(find(window, "train.start").isEnabled)


def start(window: MainWindow, soon: Any, rate: float) -> RunFolder:
    set_up(window, soon, rate)
    before = window.workspace.train.run()
    find(window, "train.start").click()
    soon(lambda: window.workspace.train.run() not in ("", before))
    return window.behind.runs.folder(window.workspace.train.run())


def state(window: MainWindow) -> str:
    return window.workspace.train.state()


def drawn(window: MainWindow) -> list[int]:
    """Return the steps of the training loss that are on the plot."""
    plot = find(window, "train.loss_plot")
    return plot.points("training")[0].tolist() if "training" in plot.names() else []


def shut(window: MainWindow, soon: Any, how: str = "keep") -> None:
    """Close a window as a person who has chosen, so that another can be opened over the same runs."""
    window.end(how)
    soon(lambda: not window.isVisible())


def banners(window: MainWindow) -> list[str]:
    return [banner.text for banner in window.findChildren(Banner) if banner.isVisible()]


def test_everything_a_person_uses_has_its_name_and_is_called_something_aloud(open_window: Open, soon: Any):
    window = open_window()
    set_up(window, soon, 0.1)
    names = [f"{part}.{name}" for part, names in PARTS.items() for name in names.split()]
    found: dict[str, Any] = {name: window.findChild(QWidget, name) for name in names}
    for inputs in ("image", "text"):  # what is there to try a model follows from what it reads
        window.workspace.try_it._place(panel_for("classification", inputs)(window.behind.engine))
        found |= {name: window.findChild(QWidget, name) for name in names if found[name] is None}
    assert [name for name, widget in found.items() if widget is None] == []
    assert [name for name, widget in found.items() if not widget.accessibleName()] == []


def test_pages_are_reached_by_their_buttons_and_keys(qtbot: QtBot, open_window: Open):
    window = open_window()
    for number, name in enumerate(("data", "model", "train", "runs", "try", "share"), start=1):
        find(window, f"nav.{name}").click()
        assert window.workspace.current() == name
        assert find(window, f"nav.{name}").shortcut().toString() == f"Ctrl+{number}"


def test_training_cannot_start_without_data_and_the_page_says_so(open_window: Open):
    window = open_window()
    window.workspace.go("train")
    assert not find(window, "train.start").isEnabled()
    assert find(window, "train.start").toolTip() == "Open data first."


def test_a_run_is_started_watched_and_offers_what_comes_next(open_window: Open, soon: Any):
    window = open_window()
    folder = start(window, soon, 0.1)
    soon(lambda: state(window) == "finished")
    assert drawn(window) == list(range(1, 11))
    assert "Finished" in find(window, "train.status").text()
    assert "test accuracy 70.0 %" in find(window, "train.status").text()
    assert recipe_of(folder)["training"]["optimizer"]["learning_rate"] == 0.1
    assert find(window, "train.more").isVisible()
    assert not find(window, "train.stop").isVisible()


def test_a_run_pauses_goes_on_and_stops(open_window: Open, soon: Any):
    window = open_window()
    start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    find(window, "train.pause").click()
    soon(lambda: state(window) == "paused")
    assert find(window, "train.pause").text() == "Go on"
    find(window, "train.pause").click()
    soon(lambda: state(window) == "running")
    find(window, "train.stop").click()
    soon(lambda: state(window) == "stopped")


def test_pressing_everything_quickly_leaves_one_state_and_one_trainer(open_window: Open, soon: Any):
    window = open_window()
    folder = start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    for press in range(100):
        find(window, "train.pause").click()
        if press % 10 == 0:
            QApplication.processEvents()
    find(window, "train.stop").click()
    soon(lambda: state(window) == "stopped")
    assert folder.attempts() == [1]


def test_a_second_start_waits_in_a_queue_that_can_be_seen_and_changed(open_window: Open, soon: Any):
    window = open_window()
    first = start(window, soon, 0.2)
    soon(lambda: state(window) == "running")
    set_up(window, soon, 0.1)
    for count in (1, 2):
        find(window, "train.start").click()
        soon(lambda count=count: find(window, "train.queue").count() == count)
    assert find(window, "train.queue").isVisible()
    names = [order.name for order in window.behind.trainings.queue()]
    find(window, "train.queue").setCurrentRow(1)
    find(window, "train.queue_up").click()
    assert [order.name for order in window.behind.trainings.queue()] == names[::-1]
    find(window, "train.queue_remove").click()
    assert [order.name for order in window.behind.trainings.queue()] == names[:1]
    assert window.workspace.train.run() == first.name
    find(window, "train.stop").click()
    soon(lambda: window.workspace.train.run() == names[0] and state(window) == "finished")
    assert not find(window, "train.queue").isVisible()


def test_more_epochs_make_one_continuous_curve(open_window: Open, soon: Any):
    window = open_window()
    start(window, soon, 0.1)
    soon(lambda: state(window) == "finished" and not window.behind.trainings.live())
    find(window, "train.more").menu().actions()[1].trigger()
    soon(lambda: drawn(window) == list(range(1, 21)))
    start_event = window.workspace.train.progress().start
    assert start_event is not None
    assert start_event.epochs == window.behind.draft.training["epochs"] + 5


@pytest.mark.parametrize("is_over", [False, True])
def test_the_demo_is_shown_with_its_curves_as_soon_as_there_is_a_page_for_it(
    qtbot: QtBot, stand_ins: None, soon: Any, runs: Path, monkeypatch: pytest.MonkeyPatch, is_over: bool
):
    window = make_window(runs)
    qtbot.addWidget(window, before_close_func=lambda window: window.end("stop"))
    if is_over:  # before the pages are built
        monkeypatch.setattr(window.workspace.building, "start", lambda: None)
        window.begin_demo()
        soon(lambda: not window.behind.trainings.live())
        window.workspace.go("train")
    else:
        window.begin_demo()
        window.show()
        soon(lambda: window.workspace.current() == "train")
    assert window.workspace.train.run()
    soon(lambda: state(window) == "finished" and drawn(window) == list(range(1, 11)))
    soon(window.behind.draft.is_complete)
    assert find(window, "train.metric_plot").header.title() == "Accuracy"
    assert any(
        label.text().startswith("digits  ·  Convolutional")
        for label in window.workspace.train.findChildren(ElidedLabel)
    )


def test_a_demo_whose_trainer_does_not_start_says_so(
    qtbot: QtBot, stand_ins: None, soon: Any, runs: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jobs, "TRAINER", ("/nowhere/to/be/found",))
    window = make_window(runs)
    qtbot.addWidget(window, before_close_func=lambda window: window.end("stop"))
    window.begin_demo()
    window.show()
    soon(lambda: banners(window))
    assert "The trainer could not be started" in banners(window)[0]


@pytest.mark.slow
def test_a_dead_trainer_is_shown_as_interrupted_and_can_be_resumed(open_window: Open, soon: Any):
    window = open_window()
    start(window, soon, 0.3)
    soon(lambda: state(window) == "interrupted")
    assert "Interrupted at step 10. Resume?" in find(window, "train.status").text()
    soon(lambda: banners(window))
    assert "ended unexpectedly" in banners(window)[0]
    find(window, "train.resume").click()
    soon(lambda: drawn(window) == list(range(1, 21)))


def test_what_a_check_finds_stands_at_its_field_and_nothing_starts(open_window: Open, soon: Any):
    window = open_window()
    set_up(window, soon, 0.1)
    find(window, "form.training.patience").setText("13")
    soon(lambda: not find(window, "train.start").isEnabled())
    assert "bad luck" in find(window, "train.form").errors()["patience"]
    find(window, "form.training.patience").setText("12")
    soon(find(window, "train.start").isEnabled)


def test_nothing_starts_while_the_data_have_other_settings_than_their_page_shows(open_window: Open, soon: Any):
    window = open_window()
    set_up(window, soon, rate=0.01)
    soon(lambda: find(window, "form.data.validation") is not None)
    kept = find(window, "form.data.validation").text()
    find(window, "form.data.validation").setText("many")
    assert not find(window, "train.start").isEnabled()
    assert find(window, "train.start").toolTip() == "The settings on the Data page are not in force yet."
    find(window, "form.data.validation").setText(kept)
    soon(find(window, "train.start").isEnabled)


def test_a_discarded_run_can_be_brought_back(open_window: Open, soon: Any):
    window = open_window()
    folder = start(window, soon, 0.1)
    soon(lambda: state(window) == "finished" and not window.behind.trainings.live())
    find(window, "train.discard").click()
    assert folder.path.is_dir()
    find(window, "train.discard_yes").click()
    soon(lambda: not folder.path.exists())
    assert window.workspace.train.run() == ""
    window.workspace.undo._take_back()
    assert folder.path.is_dir()
    assert whole_history(folder)[1] == "finished"


def test_closing_asks_once_and_a_kept_run_is_there_again_when_the_window_is(open_window: Open, soon: Any):
    window = open_window()
    folder = start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    window.close()
    assert window.isVisible()
    assert find(window, "window.closing").isVisible()
    find(window, "window.keep").click()
    soon(lambda: not window.isVisible())
    assert whole_history(folder)[1] == "running"

    began = time.monotonic()
    again = open_window()
    soon(lambda: again.workspace.train.run() == folder.name and state(again) == "running")
    assert time.monotonic() - began < 10
    assert again.workspace.current() == "train"
    find(again, "train.stop").click()
    soon(lambda: state(again) == "stopped")


def test_closing_can_save_and_stop(open_window: Open, soon: Any):
    window = open_window()
    folder = start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    window.close()
    find(window, "window.stop").click()
    soon(lambda: not window.isVisible())
    soon(lambda: whole_history(folder)[1] == "stopped")


def test_a_run_whose_trainer_died_meanwhile_is_offered_to_be_resumed(open_window: Open, soon: Any, runs: Path):
    finished_run(runs, "older")
    time.sleep(0.01)
    dead = queued_run(runs, "dead")
    write(dead, started(), steps(1, 17))
    window = open_window()
    soon(lambda: window.workspace.train.run() == dead.name and state(window) == "interrupted")
    assert find(window, "train.status").text().startswith("Interrupted at step 17.")


def test_the_forms_are_as_they_were_left(open_window: Open, soon: Any, own_folders: Path):
    window = open_window()
    set_up(window, soon, 0.1)
    find(window, "form.training.epochs").setText("7")
    soon(lambda: read_json(own_folders / "state" / "window.json", {}).get("training", {}).get("epochs") == 7)
    shut(window, soon)
    again = open_window()
    soon(again.behind.draft.is_complete)
    assert find(again, "form.training.epochs").text() == "7"
    assert again.workspace.current() == "train"


def test_the_queue_is_as_it_was_left(open_window: Open, soon: Any):
    window = open_window()
    first = start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    set_up(window, soon, 0.1)
    find(window, "train.start").click()
    soon(lambda: window.behind.trainings.queue())
    waiting = window.behind.trainings.queue()[0].folder
    shut(window, soon)
    again = open_window()
    soon(lambda: [order.name for order in again.behind.trainings.queue()] == [waiting.name])
    first.write_wish("stop")
    soon(lambda: again.workspace.train.run() == waiting.name and state(again) == "finished")


def test_another_language_keeps_what_trains_and_what_was_typed(open_window: Open, soon: Any):
    window = open_window()
    folder = start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    find(window, "form.training.epochs").setText("9")
    window.use_language("zh_CN")
    assert words.language() == "zh_CN"
    soon(lambda: window.workspace.train.run() == folder.name and state(window) == "running")
    soon(lambda: drawn(window) == list(range(1, 11)))
    assert find(window, "form.training.epochs").text() == "9"
    assert window.workspace.current() == "train"
    soon(window.behind.draft.is_complete)
    find(window, "train.stop").click()
    soon(lambda: state(window) == "stopped")


def test_share_shows_the_run_at_hand_until_another_is_chosen_there(open_window: Open, soon: Any, runs: Path):
    first = finished_run(runs, "first")
    window = open_window()
    try_it, share = window.workspace.try_it.chooser, window.workspace.share.chooser
    soon(lambda: share.run() and try_it.run())
    newer, newest = finished_run(runs, "newer"), finished_run(runs, "newest")
    soon(lambda: share.count() == 3)
    assert share.run()["path"] == str(first.path)  # nothing changes by itself

    def pick(chooser: Any, run: RunFolder) -> None:
        chooser.choose(str(run.path))
        chooser.activated.emit(chooser.currentIndex())

    window.workspace.go("try")
    pick(try_it, newer)
    find(window, "nav.share").click()
    assert share.run()["path"] == str(newer.path)
    window.behind.trainings.begun.emit(queued_run(runs).name)  # it has no model: the one before stays at hand
    window.workspace.go("share")
    assert share.run()["path"] == str(newer.path)
    pick(share, first)
    window.use_language("zh_CN")
    chosen = window.workspace.share.chooser
    soon(lambda: chosen.count() == 3)
    assert chosen.run()["path"] == str(first.path)
    window.behind.trainings.begun.emit(newest.name)
    window.workspace.go("share")
    assert chosen.run()["path"] == str(newest.path)


def test_a_page_that_is_chosen_before_it_is_built_is_shown_when_it_is_there(
    qtbot: QtBot, runs: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine_client, "ENGINE", (sys.executable, str(HERE / "canned_engine.py")))
    window = make_window(runs)
    qtbot.addWidget(window, before_close_func=lambda window: window.end("stop"))
    window.show()
    find(window, "nav.share").click()
    assert not window.workspace.building.is_done()  # nobody waits for the click
    qtbot.waitUntil(lambda: window.workspace.current() == "share", timeout=20_000)
    assert find(window, "nav.share").isChecked()


def test_the_theme_is_switched_and_remembered(open_window: Open, soon: Any):
    window = open_window()
    window.workspace.side_bar.theme_wanted.emit("dark")
    assert theme.current().dark
    assert window.memory.get("theme", "") == "dark"


def test_a_failed_question_that_nobody_hears_is_shown(open_window: Open, soon: Any):
    window = open_window()
    window.behind.engine.ask("no.such.thing")
    soon(lambda: banners(window))
    assert "no.such.thing" in banners(window)[0]


def test_an_error_that_nobody_shows_gets_a_banner(open_window: Open, soon: Any):
    window = open_window()
    window.tell(UserError("It is broken.", hint="Mend it."))
    soon(lambda: banners(window) == ["It is broken. Mend it."])


def test_a_new_run_from_a_recipe_has_its_settings(open_window: Open, soon: Any, runs: Path):
    folder = finished_run(runs, "model", epochs=5, rate=0.1)
    window = open_window()
    window.workspace.go("runs")
    soon(lambda: window.workspace.runs.table.model().rowCount() == 1)
    window.workspace.runs.choose([folder.name])
    window.workspace.runs.acts["recipe"].trigger()
    soon(lambda: window.behind.draft.is_complete() and window.workspace.current() == "train")
    assert find(window, "form.training.epochs").text() == "5"
    assert find(window, "form.training.optimizer.learning_rate").text() == "0.1"
    assert window.behind.draft.data["name"] == "digits"


def test_the_window_can_be_destroyed_while_it_trains(qtbot: QtBot, open_window: Open, soon: Any):
    window = open_window()
    folder = start(window, soon, 0.2)
    soon(lambda: state(window) == "running" and window.workspace.train.progress().start)
    window.deleteLater()
    qtbot.waitUntil(lambda: folder.path.is_dir())
    with qtbot.waitSignal(window.destroyed, timeout=10_000):
        pass
    assert whole_history(folder)[1] == "running"
    folder.write_wish("stop")
    soon(lambda: whole_history(folder)[1] == "stopped")


def test_a_sample_brings_training_settings_that_suit_it_unless_some_were_changed(qtbot: QtBot, own_folders: Path):
    person = Person(qtbot, own_folders / "runs")
    person.opens_sample("digits")
    person.waits(lambda: person.train_page.training().get("epochs") == 20)
    assert person.train_page.training()["optimizer"]["learning_rate"] == 0.003
    assert person.window.behind.draft.training["epochs"] == 20
    person.sets("form.training.epochs", 7)
    person.window.workspace.data.open_sample("reviews")
    person.waits(lambda: person.window.behind.draft.data.get("name") == "reviews")
    assert person.train_page.training()["epochs"] == 7
    assert person.train_page.training()["optimizer"]["learning_rate"] == 0.003


def set_up_pruning(window: MainWindow, soon: Any, runs: Path) -> RunFolder:
    """Set up a pruned run of one on the digits, of which things were measured."""
    folder = finished_run(runs, "model", epochs=5, rate=0.1)
    folder.recipe.write_text(
        folder.asked.read_text().replace("[training]\n", '[training]\nprecision = "bfloat16"\nthreads = 1\n')
    )
    window.workspace.share.pruning_requested.emit(str(folder.path), 0.3, 3)
    soon(lambda: window.behind.draft.is_complete() and find(window, "train.start").isEnabled())
    return folder


def test_what_share_sets_up_goes_away_once_it_has_begun(open_window: Open, soon: Any, runs: Path):
    window = open_window()
    folder = set_up_pruning(window, soon, runs)
    training = window.behind.draft.training
    assert (training["start_from"], training["pruning"]["share"], training["epochs"]) == (str(folder.path), 0.3, 3)
    assert (training["precision"], training["threads"]) == ("auto", "auto")
    assert any("prunes 30 %" in text for text in banners(window))
    find(window, "train.start").click()
    soon(lambda: window.workspace.train.run())
    training = window.behind.draft.training
    assert (training["start_from"], training["pruning"]["share"], training["epochs"]) == ("", 0.0, 5)
    assert training["optimizer"]["learning_rate"] == 0.1
    assert not banners(window)


def test_what_share_sets_up_is_kept_by_the_window_but_not_for_other_data(open_window: Open, soon: Any, runs: Path):
    window = open_window()
    folder = set_up_pruning(window, soon, runs)
    shut(window, soon)
    window = open_window()
    soon(window.behind.draft.is_complete)
    assert window.behind.draft.training["start_from"] == str(folder.path)
    assert any("prunes 30 %" in text for text in banners(window))
    window.workspace.data.open_sample("reviews")
    soon(lambda: window.behind.draft.data.get("name") == "reviews")
    training = window.behind.draft.training
    assert (training["start_from"], training["pruning"]["share"], training["epochs"]) == ("", 0.0, 5)
    assert window.workspace.train.training()["start_from"] == ""
    assert not banners(window)


def test_t4_a_run_is_forked_and_trained(open_window: Open, soon: Any, runs: Path, monkeypatch: pytest.MonkeyPatch):
    before = finished_run(runs)
    window = open_window()
    soon(lambda: window.behind.runs.rows())
    asked: list[dict[str, Any]] = []
    made = queued_run(runs)

    class Answer:
        def then(self, owner: Any, answered: Any, failed: Any) -> None:
            answered({"name": made.name})

    real = window.behind.engine.ask

    def ask(name: str, arguments: Any = None) -> Any:
        if name != "forking.fork":
            return real(name, arguments)
        asked.append(dict(arguments))
        return Answer()

    monkeypatch.setattr(window.behind.engine, "ask", ask)
    window.workspace.train_desk.show(before.name)
    window.workspace.train.forked.emit(before.name, "both")
    rate = float(recipe_of(before)["training"].get("optimizer", {}).get("learning_rate", 1e-3))
    assert asked == [
        {
            "run": str(before.path),
            "assignments": [
                f"training.optimizer.learning_rate={rate / 10:.6g}", "training.gradient_clip=1.0",
            ],
        }
    ]  # fmt: skip
    soon(lambda: window.workspace.train.run() == made.name)


def test_a_verified_resume_is_said_on_the_runs_page(open_window: Open, soon: Any, runs: Path):
    run = finished_run(runs)
    window = open_window()
    page = window.workspace.runs
    soon(lambda: window.behind.runs.rows())
    window.workspace.go("runs")
    page.choose([run.name])
    page.acts["verify"].trigger()
    soon(lambda: any("identical to the last bit" in banner.text for banner in page.findChildren(Banner)))


def test_what_is_said_to_be_restored_is_there_again(own_folders: Path):
    memory = Memory()
    assert restored_text(memory) == "No form had been filled in. Runs in a process of their own went on."
    memory.put("data", {"kind": "idx", "path": str(own_folders / "unplugged")})
    memory.put("training", {"epochs": 3})
    memory.put("queue", [{"name": "a"}, {"name": "b"}])
    assert restored_text(memory) == (
        "Restored: training settings, 2 waiting runs. Runs in a process of their own went on."
    )
    memory._timer.stop()
