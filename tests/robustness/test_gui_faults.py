"""Faults of the window, by their numbers: dropped trees, threads, many points, garbage in fields, wild clicks."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.core.run_maker import queued_run
from tests.gui.test_jobs import FAKE
from tests.robustness.goals.close import GOAL as CLOSE
from tests.robustness.goals.monkey import acted
from tests.robustness.monkey import TEXTS
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.engine import ask
from workbench.gui.form import Form
from workbench.gui.jobs import Trainings
from workbench.gui.plots.loss_plot import LossPlot

LONGEST = 100.0  # milliseconds of the window's own work in one go


class Turns:
    """Measures the longest turn of the event loop, in this process's own time: others on the machine do not count."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._spent = time.process_time()
        self._timer = QTimer()
        self._timer.timeout.connect(self._turn)
        self._timer.start(2)

    def _turn(self) -> None:
        now = time.process_time()
        self.longest, self._spent = max(self.longest, (now - self._spent) * 1e3), now

    def end(self) -> float:
        self._timer.stop()
        return self.longest


@pytest.fixture
def trainings(qtbot: QtBot) -> Iterator[Trainings]:
    trainings = Trainings(command=FAKE)
    yield trainings
    if not trainings.close(stop=True):
        qtbot.waitUntil(trainings.is_quiet, timeout=10_000)
    trainings.deleteLater()


@pytest.mark.slow
def test_d11_a_hundred_thousand_files_ten_deep_with_links_in_a_circle_are_opened_with_progress(tmp_path: Path) -> None:
    """In a job, which can be cancelled at each report; the window itself only hears of it."""
    deep = tmp_path / "tree"
    for part in range(100):
        place = deep.joinpath(*(str((part // 10**level) % 10) for level in range(9)), f"part{part}")
        place.mkdir(parents=True)
        for number in range(1_000):
            (place / f"{number}.txt").touch()
    (deep / "0" / "circle").symlink_to(deep)
    seen: list[tuple[int, int]] = []

    def heard(stage: Any, done: int = 0, total: int = 0) -> None:
        seen.append((done, total))

    began = time.monotonic()
    with pytest.raises(UserError) as caught:
        ask("data.open", {"data": ask("data.recognise", {"path": str(deep)})["data"]}, heard)
    assert time.monotonic() - began < 120
    assert "tree" in caught.value.translated()
    assert caught.value.hint


@pytest.mark.slow
def test_g3_a_window_closed_at_any_instant_ends_in_order(tmp_path: Path) -> None:
    found = CLOSE.try_it(6, 100, tmp_path)
    assert not found.failures


@pytest.mark.slow
def test_the_window_survives_500_random_actions_while_it_trains(tmp_path: Path) -> None:
    wrong, line = acted(7, 500, tmp_path / "monkey")
    assert not wrong
    assert line["trained"]


def test_g6_a_million_points_and_a_thousand_a_second_leave_no_gap(qtbot: QtBot) -> None:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(900, 400)
    plot.show()
    steps = np.arange(1_000_000, dtype=np.uint32)
    values = np.exp(steps / -3e5).astype(np.float32) + 0.01
    plot.set_training(steps, values)
    plot.flush()
    turns, fed = Turns(), 0

    def feed() -> None:
        nonlocal fed
        begin = len(steps) + fed
        plot.append_training(np.arange(begin, begin + 100, dtype=np.uint32), np.full(100, 0.3, np.float32))
        fed += 100

    feeding = QTimer()
    feeding.timeout.connect(feed)
    feeding.start(100)  # as the follower hands them over: ten times a second
    qtbot.waitUntil(lambda: fed >= 2_000, timeout=20_000)
    feeding.stop()
    assert turns.end() < LONGEST
    assert len(plot.points("training")[0]) == 1_000_000 + fed


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Any]:
    return ask("settings.catalogue")


@pytest.mark.slow
def test_g7_garbage_in_every_field_of_the_training_is_an_error_at_the_field(
    qtbot: QtBot, catalogue: dict[str, Any]
) -> None:
    form = Form("training", catalogue["training"]["schema"], catalogue)
    qtbot.addWidget(form)
    form.show()
    chance = random.Random(0)
    fields = [field for field in form.findChildren(QWidget) if isinstance(field, QLineEdit | QPlainTextEdit)]
    assert len(fields) > 10
    for field in fields:
        for text in (*TEXTS, *("".join(map(chr, chance.choices(range(1, 0x2FFF), k=12))) for _ in range(10))):
            QApplication.clipboard().setText(text)
            field.selectAll()
            field.paste()
            values, errors = form.values(), form.errors()
            assert form.valid() == (not errors)
            assert all(errors.values()), "an error says something"
            assert isinstance(values, dict)
        field.undo()


def test_t9_a_hundred_fast_presses_leave_one_state_and_one_trainer(
    qtbot: QtBot, trainings: Trainings, tmp_path: Path
) -> None:
    folder = queued_run(tmp_path, rate=0.2)
    chance = random.Random(0)
    for _ in range(100):
        match chance.randrange(4):
            case 0:
                trainings.submit(folder)
            case 1 | 2:
                trainings.wish(folder.name, chance.choice(("pause", "run")))
            case _:
                QApplication.processEvents()
        assert trainings.live().count(folder.name) <= 1
        assert len(trainings._threads) <= 1
    qtbot.waitUntil(lambda: state_of(folder) in ("running", "paused"), timeout=20_000)
    trainings.wish(folder.name, "stop")
    qtbot.waitUntil(lambda: state_of(folder) == "stopped" and not trainings.live(), timeout=20_000)
    assert folder.attempts() == [1]  # no second trainer ever began


def state_of(folder: RunFolder) -> str:
    return whole_history(folder)[1]
