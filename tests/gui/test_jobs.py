import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from tests.core.run_maker import queued_run
from workbench.core import run_lock
from workbench.core.errors import UserError
from workbench.core.events import Started
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.gui import jobs
from workbench.gui.follower import Follower
from workbench.gui.jobs import Trainings
from workbench.gui.order import Order

FAKE = (sys.executable, str(Path(__file__).with_name("fake_trainer.py")))


@pytest.fixture
def trainings(qtbot: QtBot) -> Iterator[Trainings]:
    trainings = Trainings(command=FAKE)
    yield trainings
    if not trainings.close(stop=True):
        qtbot.waitUntil(lambda: not trainings._threads, timeout=10_000)
    trainings.deleteLater()


def error_of(waiter: Any) -> Any:
    """Return the error that the signal `ended` carried."""
    assert waiter.args, "the signal carried nothing"
    return waiter.args[1]


def state_of(folder: RunFolder) -> str:
    return whole_history(folder)[1]


def in_thread(folder: RunFolder) -> RunFolder:
    folder.asked.write_text(folder.asked.read_text().replace("[training]", '[training]\nruns_in = "worker thread"'))
    return folder


def test_a_run_trains_in_a_process_to_its_end(qtbot: QtBot, trainings: Trainings, tmp_path: Path):
    folder = queued_run(tmp_path, rate=0.1)
    with qtbot.waitSignal(trainings.ended, timeout=10_000) as waiter:
        assert trainings.submit(folder)
        assert trainings.live() == [folder.name]
    assert waiter.args == [folder.name, None]
    assert state_of(folder) == "finished"
    assert trainings.live() == []


def test_a_warm_trainer_is_used(qtbot: QtBot, trainings: Trainings, tmp_path: Path):
    trainings.warm()
    warm = trainings._warm._ready
    folder = queued_run(tmp_path, rate=0.1)
    with qtbot.waitSignal(trainings.ended, timeout=10_000):
        trainings.submit(folder)
        assert trainings._threads[folder.name]._trainer is warm
        assert trainings._warm._ready is None


def test_a_warm_trainer_ends_with_the_window(qtbot: QtBot, trainings: Trainings):
    trainings.warm()
    warm = trainings._warm._ready
    assert warm is not None
    trainings.close(stop=False)
    assert not warm.is_running()


def test_a_run_pauses_goes_on_and_stops_as_wished(qtbot: QtBot, trainings: Trainings, tmp_path: Path):
    folder = queued_run(tmp_path, rate=0.2)
    follower = Follower()
    states: list[str] = []
    follower.state_changed.connect(lambda name, state: states.append(state))
    follower.follow(folder)
    trainings.submit(folder)
    qtbot.waitUntil(lambda: "running" in states and bool(folder.attempts()), timeout=10_000)
    trainings.wish(folder.name, "pause")
    qtbot.waitUntil(lambda: states[-1] == "paused", timeout=10_000)
    trainings.wish(folder.name, "run")
    qtbot.waitUntil(lambda: states[-1] == "running", timeout=10_000)
    with qtbot.waitSignal(trainings.ended, timeout=10_000):
        trainings.wish(folder.name, "stop")
    qtbot.waitUntil(lambda: states[-1] == "stopped", timeout=10_000)
    follower.stop()


def test_a_trainer_that_dies_is_noticed_and_its_last_words_are_kept(qtbot: QtBot, trainings: Trainings, tmp_path: Path):
    folder = queued_run(tmp_path, rate=0.3)
    with qtbot.waitSignal(trainings.ended, timeout=10_000) as waiter:
        trainings.submit(folder)
    error = error_of(waiter)
    assert isinstance(error, UserError)
    assert "Resume" in error.translated()
    assert "about to die" in error.details
    assert "exit code 7" in error.details
    assert state_of(folder) == "interrupted"


def test_a_second_start_waits_visibly_and_can_be_reordered_and_removed(
    qtbot: QtBot, trainings: Trainings, tmp_path: Path
):
    first, *others = (
        queued_run(tmp_path, title, rate=rate) for title, rate in zip("abcd", (0.2, 0.1, 0.1, 0.1), strict=True)
    )
    assert trainings.submit(first)
    for folder in others:
        assert not trainings.submit(folder)
    assert [order.name for order in trainings.queue()] == [folder.name for folder in others]
    trainings.move(others[2].name, 0)
    trainings.remove(others[0].name)
    assert [order.name for order in trainings.queue()] == [others[2].name, others[1].name]
    ended: list[str] = []
    trainings.ended.connect(lambda name, error: ended.append(name))
    qtbot.waitUntil(lambda: bool(first.attempts()), timeout=10_000)
    trainings.wish(first.name, "stop")
    qtbot.waitUntil(lambda: len(ended) == 3, timeout=20_000)
    assert ended == [first.name, others[2].name, others[1].name]
    assert state_of(others[0]) == "queued"


def test_an_extension_passes_its_settings_on(qtbot: QtBot, trainings: Trainings, tmp_path: Path):
    folder = queued_run(tmp_path, rate=0.1)
    for assignments in ([], ["training.epochs=9"]):
        with qtbot.waitSignal(trainings.ended, timeout=10_000):
            trainings.submit(folder, assignments)
    history, _ = whole_history(folder)
    assert [event.epochs for event in history.events if isinstance(event, Started)] == [3, 9]
    assert list(history.scalars["training_loss"][0]) == list(range(1, 21))


def test_closing_lets_a_process_train_on(qtbot: QtBot, trainings: Trainings, tmp_path: Path):
    folder = queued_run(tmp_path, rate=0.2)
    trainings.submit(folder)
    qtbot.waitUntil(lambda: bool(folder.attempts()), timeout=10_000)
    assert trainings.close(stop=False)
    assert run_lock.is_held(folder.lock)
    folder.write_wish("stop")
    qtbot.waitUntil(lambda: state_of(folder) == "stopped", timeout=10_000)


def test_closing_can_stop_what_trains(qtbot: QtBot, trainings: Trainings, tmp_path: Path):
    folder = queued_run(tmp_path, rate=0.2)
    trainings.submit(folder)
    qtbot.waitUntil(lambda: bool(folder.attempts()), timeout=10_000)
    assert trainings.close(stop=True)
    qtbot.waitUntil(lambda: state_of(folder) == "stopped", timeout=10_000)


def test_a_run_of_another_process_counts_until_it_ends(qtbot: QtBot, trainings: Trainings, tmp_path: Path):
    other, folder = queued_run(tmp_path, rate=0.2), queued_run(tmp_path, rate=0.1)
    process = subprocess.Popen(FAKE, stdin=subprocess.PIPE, text=True)
    process.stdin.write(f'{{"run": "{other.path}", "set": []}}\n')  # type: ignore[union-attr]
    process.stdin.close()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: bool(other.attempts()), timeout=10_000)
    trainings.attach(other)
    assert not trainings.submit(folder)
    follower = Follower()
    follower.state_changed.connect(trainings.note_state)
    follower.follow(other)
    with qtbot.waitSignal(trainings.begun, timeout=10_000, check_params_cb=lambda name: name == folder.name):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    follower.stop()
    qtbot.waitUntil(lambda: trainings.live() == [], timeout=10_000)


def test_steps_of_the_worker_thread_run_in_that_thread(
    qtbot: QtBot, trainings: Trainings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen: list[Any] = []

    def train_here(thread: jobs.TrainingThread) -> None:
        seen.append((QThread.currentThread() is thread, threading.current_thread() is threading.main_thread()))

    monkeypatch.setattr(jobs.TrainingThread, "_train_here", train_here)
    folder = in_thread(queued_run(tmp_path))
    with qtbot.waitSignal(trainings.ended, timeout=10_000) as waiter:
        trainings.submit(folder)
        assert trainings.ends_with_the_window() == [folder.name]
    assert waiter.args == [folder.name, None]
    assert seen == [(True, False)]


def test_an_exception_in_the_thread_marks_the_run_failed(
    qtbot: QtBot, trainings: Trainings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(thread: jobs.TrainingThread) -> None:
        raise RuntimeError("the ground opened")

    monkeypatch.setattr(jobs.TrainingThread, "_train_here", fail)
    folder = in_thread(queued_run(tmp_path))
    with qtbot.waitSignal(trainings.ended, timeout=10_000) as waiter:
        trainings.submit(folder)
    assert "the ground opened" in error_of(waiter).translated()
    history, state = whole_history(folder)
    assert state == "failed"
    assert "the ground opened" in UserError.from_plain(dict(history.events[-1].error)).translated()  # type: ignore[union-attr]


def test_a_trainer_that_cannot_start_is_an_error_and_the_queue_goes_on(qtbot: QtBot, tmp_path: Path):
    trainings = Trainings(command=("/there/is/no/such/program",))
    errors: list[Any] = []
    trainings.ended.connect(lambda name, error: errors.append(error))
    for _ in range(2):
        trainings.submit(queued_run(tmp_path))
    qtbot.waitUntil(lambda: len(errors) == 2, timeout=10_000)
    assert all("could not be started" in error.translated() for error in errors)
    trainings.close(stop=True)


def test_an_order_knows_where_its_steps_run(tmp_path: Path):
    folder = queued_run(tmp_path)
    assert not Order(folder).in_thread
    assert Order(folder, ('training.runs_in="worker thread"',)).in_thread
    assert Order(in_thread(folder)).in_thread
    assert not Order(folder, ("training.runs_in=own process",)).in_thread
