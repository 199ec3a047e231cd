"""Only the newest question's answer is told."""

from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, first
from workbench.core.errors import UserError
from workbench.gui.latest import Latest


def test_tells_the_answer_with_its_arguments(qtbot: QtBot) -> None:
    engine = Canned({"double": lambda asked: asked["x"] * 2})
    latest = Latest(engine, "double", 0, engine)
    with qtbot.waitSignal(latest.answered) as told:
        latest.ask({"x": 4})
    assert told.args == [8, {"x": 4}]


def test_questions_that_are_overtaken_are_never_sent(qtbot: QtBot) -> None:
    engine = Canned({"double": lambda asked: asked["x"] * 2})
    latest = Latest(engine, "double", 5, engine)
    with qtbot.waitSignal(latest.answered) as told:
        for x in range(20):
            latest.ask({"x": x})
    assert first(told) == 38
    assert len(engine.asked) == 1


def test_an_answer_that_comes_too_late_is_dropped(qtbot: QtBot) -> None:
    engine = Canned({"double": lambda asked: asked["x"] * 2})
    latest = Latest(engine, "double", 0, engine)
    answers: list[int] = []
    latest.answered.connect(lambda value, _: answers.append(value))
    engine.held.add("double")
    latest.ask({"x": 1})
    qtbot.waitUntil(lambda: len(engine.asked) == 1)
    latest.ask({"x": 2})
    engine.held.clear()
    engine.given[0].answered.emit(2)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == [4]
    latest.ask({"x": 3})
    latest.forget()
    assert not latest.busy()


def test_failures_are_told_too(qtbot: QtBot) -> None:
    engine = Canned({"double": UserError("no")})
    latest = Latest(engine, "double", 0, engine)
    with qtbot.waitSignal(latest.failed) as told:
        latest.ask({})
    assert str(first(told)) == "no"
