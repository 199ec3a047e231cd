"""Typing a passphrase in the window: what waited for it goes on, and it stays in this session."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workbench.core.errors import UserError
from workbench.core.passphrases import NEEDED
from workbench.gui.engine_client import Engine, Jobs
from workbench.gui.passphrases import PassphraseDialog, Passphrases, ask
from workbench.gui.service import Service
from workbench.gui.unlocking import Unlocking
from workbench.gui.widgets.banner import Banner

Show = Callable[..., QWidget]

# An engine that knows one run, which opens with one passphrase.
VAULT = """
import json, sys
known = []
for line in sys.stdin:
    asked = json.loads(line)
    if asked["name"] == "vault.remember":
        known.append(asked["arguments"]["passphrase"])
        answer = {"answer": {}}
    elif "correct horse" in known:
        answer = {"answer": {"opened": True}}
    else:
        error = {"message": NEEDED, "hint": "", "values": {"name": "r"}, "details": ""}
        answer = {"error": error}
    print(json.dumps({"id": asked["id"], **answer}), flush=True)
""".replace("NEEDED", repr(str(NEEDED)))
SERVED = (
    "import json, sys; print(json.dumps({'address': sys.stdin.readline(), 'token': 't'}), flush=True); sys.stdin.read()"
)


@pytest.fixture
def engine(qapp: object) -> Iterator[Engine]:
    engine = Engine(command=(sys.executable, "-c", VAULT))
    engine.start()
    yield engine
    engine.stop()
    engine.deleteLater()


def test_a_question_waits_for_the_passphrase(engine: Engine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(engine.locked) as told:
        answer = engine.ask("prediction.describe", {"run": "r"})
    assert told.args is not None
    assert str(told.args[0]) == "r is encrypted: its passphrase is needed."
    with qtbot.waitSignal(engine.locked):
        engine.remember("correct house")
    with qtbot.waitSignal(answer.answered) as opened:
        engine.remember("correct horse")
    assert opened.args == [{"opened": True}]


def test_who_asked_says_that_it_waits_where_it_can(engine: Engine, qtbot: QtBot) -> None:
    heard: list[UserError] = []
    answer = engine.ask("exporting.targets", {"run": "r"})
    with qtbot.assertNotEmitted(engine.locked), qtbot.waitSignal(answer.locked):
        answer.then(engine, lambda _: None, None, heard.append)
    assert str(heard[0]) == "r is encrypted: its passphrase is needed."


def test_an_engine_that_is_started_again_still_knows_it(engine: Engine, qtbot: QtBot) -> None:
    engine.remember("correct horse")
    engine.stop()
    engine.start()
    with qtbot.waitSignal(engine.ask("prediction.describe").answered):
        pass


def test_jobs_and_the_service_are_told_on_their_input(qapp: object, qtbot: QtBot) -> None:
    jobs = Jobs(command=(sys.executable, "-c", VAULT))
    service = Service(command=(sys.executable, "-c", SERVED))
    passphrases = Passphrases((jobs, service))
    with qtbot.waitSignal(passphrases.known):
        passphrases.remember("correct horse")
    with qtbot.waitSignal(jobs.start("exporting.export").answered):
        pass
    service.start("r")
    qtbot.waitUntil(lambda: bool(service.address))
    assert '"correct horse"' in service.address
    jobs.stop()
    service.end()
    for one in (jobs, service):
        one.deleteLater()


def test_the_message_asks_and_goes_once_it_was_typed(show: Show, qtbot: QtBot) -> None:
    window = show(QWidget(), 600, 300)
    banners: list[Banner] = []
    heard: list[str] = []

    class Listener:
        def remember(self, passphrase: str) -> None:
            heard.append(passphrase)

    def put(banner: Banner) -> None:
        banner.setParent(window)
        banner.show()
        banners.append(banner)

    passphrases = Passphrases((Listener(),), window)
    unlocking = Unlocking(put, passphrases, window)
    passphrases.known.connect(unlocking.close)
    for _ in range(2):
        unlocking.tell(UserError(NEEDED, name="r"))
    assert banners[0].isHidden()
    assert banners[1].text == "r is encrypted: its passphrase is needed."
    enter: Any = banners[1].findChild(QPushButton, "passphrase.enter")
    enter.click()
    dialog: Any = window.findChild(PassphraseDialog)
    assert dialog.first.echoMode() == QLineEdit.EchoMode.Password
    assert not dialog.accepts.isEnabled()
    dialog.first.setText("correct horse")
    dialog.accepts.click()
    assert heard == ["correct horse"]
    assert banners[1].isHidden()


def test_a_new_passphrase_is_typed_twice(show: Show) -> None:
    window = show(QWidget(), 600, 300)
    given: list[str] = []
    dialog = ask("Choose one.", window, given.append, new=True)
    for first, again, why in (
        ("short", "short", "At least 8 letters; several words are best."),
        ("correct horse", "correct", "The two are not the same yet."),
    ):
        dialog.first.setText(first)
        dialog.again.setText(again)
        assert dialog.why.text() == why
        assert not dialog.accepts.isEnabled()
    dialog.again.setText("correct horse")
    dialog.accepts.click()
    assert given == ["correct horse"]
