import logging
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer, qWarning
from pytestqt.qtbot import QtBot

from tests.gui.signals import carried
from workbench.core.errors import UserError
from workbench.gui.notices import Notices


@pytest.fixture
def notices(qtbot: QtBot) -> Iterator[Notices]:
    hooks = sys.excepthook, threading.excepthook
    notices = Notices()
    notices.install()
    yield notices
    notices.uninstall()
    sys.excepthook, threading.excepthook = hooks


def test_an_exception_in_a_slot_is_told_and_logged_and_the_program_goes_on(qtbot: QtBot, notices: Notices):
    def slot() -> None:
        raise RuntimeError("a slot broke")

    with qtbot.captureExceptions(), qtbot.waitSignal(notices.raised) as waiter:
        sys.excepthook = notices._caught  # pytest-qt puts its own hook there while it captures
        QTimer.singleShot(0, slot)
    assert "a slot broke" in carried(waiter).translated()
    assert "You can go on working" in carried(waiter).translated()
    assert "def slot" in carried(waiter).details or "in slot" in carried(waiter).details
    assert "a slot broke" in notices.path.read_text()


def test_an_exception_on_a_thread_is_told(qtbot: QtBot, notices: Notices):
    def work() -> None:
        raise RuntimeError("a thread broke")

    with qtbot.waitSignal(notices.raised) as waiter:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert "a thread broke" in carried(waiter).translated()


def test_the_same_error_is_told_once_but_always_logged(qtbot: QtBot, notices: Notices):
    told: list[UserError] = []
    notices.raised.connect(told.append)
    for _ in range(3):
        try:
            raise RuntimeError("again")
        except RuntimeError as error:
            notices._caught(type(error), error, error.__traceback__)
    assert not told, "not while the handler that broke is still under way"
    qtbot.waitUntil(lambda: len(told) == 1)
    assert notices.path.read_text().count("RuntimeError: again") == 3


def test_a_user_error_keeps_its_words(qtbot: QtBot, notices: Notices):
    error = UserError("It is broken.", hint="Mend it.")
    with qtbot.waitSignal(notices.raised) as waiter:
        notices._caught(UserError, error, None)
    assert carried(waiter) is error


def test_what_qt_complains_about_is_logged(qtbot: QtBot, notices: Notices, capfd: pytest.CaptureFixture[str]):
    qWarning("Qt complains")
    assert "Qt complains" in notices.path.read_text()


def test_a_crash_is_known_at_the_next_start(qtbot: QtBot, notices: Notices):
    notices.path.with_name("crash.log").write_text("Fatal Python error: Segmentation fault")
    other = Notices()
    assert "Segmentation fault" in other.install()
    other.uninstall()
    assert not notices.path.with_name("crash.log").exists()


def test_without_a_place_for_a_log_everything_else_works(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_STATE", str(tmp_path / "file" / "state"))
    notices = Notices()
    with_hooks = sys.excepthook, threading.excepthook
    logging.getLogger("workbench").setLevel(logging.CRITICAL)
    notices.install()
    with qtbot.waitSignal(notices.raised):
        notices._caught(RuntimeError, RuntimeError("x"), None)
    notices.uninstall()
    logging.getLogger("workbench").setLevel(logging.NOTSET)
    sys.excepthook, threading.excepthook = with_hooks
