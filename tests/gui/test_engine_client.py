import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.gui.signals import carried
from workbench.core.errors import UserError
from workbench.gui.engine_client import Engine, Jobs

FAKE = (sys.executable, str(Path(__file__).with_name("fake_engine.py")))


@pytest.fixture
def engine(qtbot: QtBot) -> Iterator[Engine]:
    engine = Engine(command=FAKE)
    engine.start()
    yield engine
    engine.stop()
    engine.deleteLater()


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    jobs = Jobs(command=FAKE)
    yield jobs
    jobs.stop()
    jobs.deleteLater()


def answer_to(qtbot: QtBot, engine: Engine, name: str, **arguments: Any) -> Any:
    with qtbot.waitSignal(engine.ask(name, arguments).answered, timeout=10_000) as waiter:
        pass
    return carried(waiter)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def soon(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=10_000)


def test_an_answer_comes_back_with_what_was_asked(qtbot: QtBot, engine: Engine):
    assert answer_to(qtbot, engine, "echo", text="größer 更大") == {"text": "größer 更大"}


def test_a_question_waits_for_the_start(qtbot: QtBot):
    engine = Engine(command=FAKE)
    answer = engine.ask("echo", {"n": 1})
    with qtbot.waitSignal(answer.answered, timeout=10_000):
        engine.start()
    engine.stop()


def test_an_answer_of_a_megabyte_arrives_whole(qtbot: QtBot, engine: Engine):
    assert len(answer_to(qtbot, engine, "long", size=3_000_000)["text"]) == 3_000_000


def test_a_failure_is_a_user_error(qtbot: QtBot, engine: Engine):
    with qtbot.waitSignal(engine.ask("nothing").failed, timeout=10_000) as waiter:
        pass
    assert isinstance(carried(waiter), UserError)
    assert "nothing" in carried(waiter).translated()


def test_a_failure_that_nobody_hears_goes_to_the_engine(qtbot: QtBot, engine: Engine):
    with qtbot.waitSignal(engine.failed, timeout=10_000) as waiter:
        engine.ask("nothing").then(engine, lambda answer: None)
    assert "nothing" in carried(waiter).translated()


def test_an_answer_for_a_widget_that_is_gone_is_dropped(qtbot: QtBot, engine: Engine):
    owner, heard = QObject(), []
    engine.ask("echo", {}).then(owner, heard.append)
    owner.deleteLater()
    del owner
    assert answer_to(qtbot, engine, "echo", second=True) == {"second": True}
    assert heard == []


def test_a_crash_fails_the_question_that_caused_it_and_answers_the_others(qtbot: QtBot, engine: Engine):
    answer_to(qtbot, engine, "pid")
    fatal, other = engine.ask("die"), engine.ask("echo", {"alive": True})
    with (
        qtbot.waitSignal(engine.restarted, timeout=10_000),
        qtbot.waitSignal(fatal.failed, timeout=10_000) as failed,
        qtbot.waitSignal(other.answered, timeout=10_000) as answered,
    ):
        pass
    assert "unexpectedly" in carried(failed).translated()
    assert "the last words" in carried(failed).details
    assert carried(answered) == {"alive": True}


def test_an_engine_that_always_dies_is_given_up_until_someone_asks(qtbot: QtBot):
    engine = Engine(command=(sys.executable, "-c", "raise SystemExit('broken')"))
    errors: list[UserError] = []
    engine.restarted.connect(errors.append)
    engine.start()
    soon(qtbot, lambda: len(errors) == 3)
    assert not engine.is_running()
    assert "broken" in errors[-1].details
    assert "details" in errors[-1].translated()
    engine.stop()


def test_the_process_ends_with_the_engine(qtbot: QtBot, engine: Engine):
    pid = answer_to(qtbot, engine, "pid")["pid"]
    engine.stop()
    soon(qtbot, lambda: is_gone(pid))


def test_a_job_reports_and_answers(qtbot: QtBot, jobs: Jobs):
    reports: list[dict[str, Any]] = []
    job = jobs.start("slow")
    job.progressed.connect(reports.append)
    with qtbot.waitSignal(job.answered, timeout=10_000) as waiter:
        pass
    assert carried(waiter) == {"done": True}
    assert [report["done"] for report in reports] == [0, 1, 2]


def test_a_cancelled_job_is_killed_at_once_and_says_nothing_more(qtbot: QtBot, jobs: Jobs):
    job = jobs.start("slow", {"seconds": 60})
    heard: list[Any] = []
    job.answered.connect(heard.append)
    job.failed.connect(heard.append)
    with qtbot.waitSignal(job.progressed, timeout=10_000):
        pass
    pid = job._process.pid()  # type: ignore[union-attr]
    began = time.monotonic()
    with qtbot.waitSignal(job.cancelled, timeout=2_000):
        job.cancel()
    soon(qtbot, lambda: is_gone(pid))
    assert time.monotonic() - began < 2
    assert heard == []


def test_a_job_that_dies_fails_with_its_last_words(qtbot: QtBot, jobs: Jobs):
    with qtbot.waitSignal(jobs.start("die").failed, timeout=10_000) as waiter:
        pass
    assert "the last words" in carried(waiter).details


def test_a_spare_process_takes_the_next_job(qtbot: QtBot, jobs: Jobs):
    jobs.warm()
    spare = jobs._spare.pid()  # type: ignore[union-attr]
    with qtbot.waitSignal(jobs.start("pid").answered, timeout=10_000) as waiter:
        pass
    assert carried(waiter)["pid"] == spare != os.getpid()
