"""Trying a language model: the text streams in, can be stopped, and tells of every token how likely it was."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, words
from workbench.core.errors import UserError
from workbench.gui.pages.try_it import TryPage
from workbench.gui.pages.trying.writing import WritingPanel

Show = Callable[..., QWidget]
DESCRIPTION = {
    "task": "next_token",
    "inputs": {"kind": "text", "shape": [64], "vocabulary": 99},
    "labels": [],
    "title": "gpt",
    "path_ok": True,
}


def token(text: str, probability: float = 0.5) -> dict[str, Any]:
    top = [{"label": text, "score": probability}, {"label": "\n", "score": 0.1}]
    return {"id": 5, "text": text, "probability": probability, "top": top}


def writer(rounds: Sequence[str] = ("on", "ce", " up"), notes: Sequence[Any] = (), ended_by: str = "length") -> Canned:
    left: list[str] = []

    def begin(asked: dict[str, Any]) -> dict[str, Any]:
        left[:] = rounds
        return {"number": 7, "prompt_tokens": len(asked["prompt"]), "notes": list(notes)}

    def more(asked: dict[str, Any]) -> dict[str, Any]:
        text = left.pop(0)
        return {"tokens": [token(sign) for sign in text], "ended_by": "" if left else ended_by}

    answers = {
        "prediction.describe": DESCRIPTION,
        "prediction.sample": {"name": "a text", "label": "", "text": "It was a dark night. " * 100},
        "generation.begin": begin,
        "generation.more": more,
        "generation.stop": {"known": True},
        "generation.surprises": {
            "split": "test",
            "metrics": {"perplexity": 12.5, "bits_per_character": 1.75},
            "stretches": [[{"text": "a", "probability": 0.01}, {"text": "b", "probability": 0.5}]] * 2,
        },
    }
    return Canned(answers)


def page_of(engine: Canned, show: Show, qtbot: QtBot) -> tuple[TryPage, WritingPanel]:
    page = TryPage(engine, engine)
    show(page, 1000, 700)
    page.set_runs([{"path": "/runs/a", "title": "gpt", "epoch": 1, "score": "", "live": False, "step": 1}])
    qtbot.waitUntil(lambda: isinstance(page.panel, WritingPanel))
    assert isinstance(page.panel, WritingPanel)
    return page, page.panel


def press(panel: WritingPanel) -> None:
    assert panel.act is not None
    QTest.mouseClick(panel.act, Qt.MouseButton.LeftButton)


def test_the_text_streams_in_behind_the_prompt(show: Show, qtbot: QtBot) -> None:
    engine = writer()
    _, panel = page_of(engine, show, qtbot)
    panel.take_text("Well, ")
    press(panel)
    assert panel.is_writing()
    assert panel.act is not None
    assert panel.act.text() == "Stop"
    qtbot.waitUntil(lambda: not panel.is_writing())
    assert panel.result.text() == "once up"
    assert panel.result.view.toPlainText() == "Well, once up"
    assert list(panel.result.view.tokens()) == list("once up")
    assert panel.act.text() == "Generate"
    [asked] = engine.questions("generation.begin")
    assert asked["prompt"] == "Well, "
    assert asked["options"] == {
        "max_tokens": 200,
        "temperature": 0.8,
        "top_k": 0,
        "top_p": 1.0,
        "repetition_penalty": 1.0,
        "seed": 0,
        "stop": [],
    }


def test_stop_ends_it_and_keeps_what_is_there(show: Show, qtbot: QtBot) -> None:
    engine = writer(["a"] * 50)
    _, panel = page_of(engine, show, qtbot)
    press(panel)
    qtbot.waitUntil(lambda: panel.result.count() > 2)
    press(panel)
    there = panel.result.text()
    assert not panel.is_writing()
    qtbot.waitUntil(lambda: bool(engine.questions("generation.stop")))
    assert engine.questions("generation.stop") == [{"number": 7}]
    assert panel.result.text() == there


def test_pointing_at_a_token_tells_its_probability(show: Show, qtbot: QtBot) -> None:
    _, panel = page_of(writer(), show, qtbot)
    press(panel)
    qtbot.waitUntil(lambda: not panel.is_writing())
    view = panel.result.view
    cursor = view.textCursor()
    cursor.setPosition(2)
    QTest.mouseMove(view.viewport(), view.cursorRect(cursor).center() + QPoint(2, 0))
    qtbot.waitUntil(lambda: panel.result.line.text() == "c had 50.0 %. Likeliest here:")
    assert panel.result.bars.bars() == [("c", 0.5), ("↵", 0.1)]
    assert panel.result.bars.isVisible()


def test_the_arrow_keys_reach_every_token(show: Show, qtbot: QtBot) -> None:
    _, panel = page_of(writer(), show, qtbot)
    press(panel)
    qtbot.waitUntil(lambda: not panel.is_writing())
    panel.result.view.setFocus()
    QTest.keyClick(panel.result.view, Qt.Key.Key_Home)
    QTest.keyClick(panel.result.view, Qt.Key.Key_Right)
    assert panel.result.line.text().startswith("n had")


def test_options_are_asked_with_and_wrong_ones_say_why(show: Show, qtbot: QtBot) -> None:
    engine = writer()
    _, panel = page_of(engine, show, qtbot)
    panel.options.editors["temperature"].setText("much")
    assert panel.act is not None
    assert not panel.act.isEnabled()
    assert panel.act.toolTip() == "Temperature: much is not a number."
    panel.options.editors["temperature"].setText("0.2")
    panel.options.stop.setText("\\n")
    press(panel)
    qtbot.waitUntil(lambda: not panel.is_writing())
    [asked] = engine.questions("generation.begin")
    assert (asked["options"]["temperature"], asked["options"]["stop"]) == (0.2, ["\n"])


def test_what_the_engine_says_is_shown(show: Show, qtbot: QtBot) -> None:
    note = words("The text has {tokens} tokens. The model reads the last {context} of them.", tokens="90", context="64")
    _, panel = page_of(writer(notes=[note]), show, qtbot)
    press(panel)
    qtbot.waitUntil(lambda: not panel.is_writing())
    assert panel.result.line.text() == "The text has 90 tokens. The model reads the last 64 of them."
    _, panel = page_of(writer(ended_by="end"), show, qtbot)
    press(panel)
    qtbot.waitUntil(lambda: not panel.is_writing())
    assert panel.result.line.text() == "The model ended the text here."


def test_a_failure_is_told_and_another_try_is_possible(show: Show, qtbot: QtBot) -> None:
    engine = writer()
    engine.answers["generation.begin"] = UserError("The model is gone.")
    _, panel = page_of(engine, show, qtbot)
    with qtbot.waitSignal(panel.failed) as told:
        press(panel)
    assert told.args is not None
    assert str(told.args[0]) == "The model is gone."
    assert panel.act is not None
    assert panel.act.isEnabled()


def test_a_text_file_and_a_sample_become_the_prompt(show: Show, qtbot: QtBot, tmp_path: Path) -> None:
    page, panel = page_of(writer(), show, qtbot)
    path = tmp_path / "begin.txt"
    path.write_text("Once upon a time")
    page.open_files([path])
    qtbot.waitUntil(lambda: panel.prompt.toPlainText() == "Once upon a time")
    panel.take_sample({"text": "It was a dark night. " * 100})
    assert len(panel.prompt.toPlainText()) <= 300
    with qtbot.waitSignal(panel.refused):
        panel.take_file(str(tmp_path / "nowhere.txt"))


def test_surprises_can_be_hidden(show: Show, qtbot: QtBot) -> None:
    _, panel = page_of(writer(), show, qtbot)
    press(panel)
    qtbot.waitUntil(lambda: not panel.is_writing())
    view = panel.result.view

    def shades() -> int:
        blocks, cursor = 0, view.textCursor()
        for place in range(1, 7):
            cursor.setPosition(place)
            blocks += cursor.charFormat().background().style() != Qt.BrushStyle.NoBrush
        return blocks

    assert shades() == 6
    panel.result.shaded.click()
    assert shades() == 0


@pytest.mark.parametrize("text", ["𝄞 clef", "é", "", "中文"])
def test_tokens_beyond_the_first_plane_keep_their_places(text: str, show: Show, qtbot: QtBot) -> None:
    _, panel = page_of(writer([text + "x"]), show, qtbot)
    press(panel)
    qtbot.waitUntil(lambda: not panel.is_writing())
    assert list(panel.result.view.tokens()) == list(text + "x")


def test_what_surprised_the_model_in_the_test_text_is_shown(show: Show, qtbot: QtBot) -> None:
    engine = writer()
    _, panel = page_of(engine, show, qtbot)
    panel.result.kept.click()
    qtbot.waitUntil(lambda: panel.result.view.toPlainText() == "ab\n\nab")
    assert panel.result.line.text().startswith("Perplexity 12.5, 1.75 bits per character.")
    panel.result.view.pointed.emit(0)
    assert panel.result.line.text() == "a had 1.0 %."
    engine.answers["generation.surprises"] = {"split": "", "metrics": {}, "stretches": []}
    panel.result.kept.click()
    qtbot.waitUntil(lambda: panel.result.line.text().startswith("The model has not been evaluated yet"))
