"""The preview of texts without labels: their tokens in colours, a page at a time."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned
from workbench.core.errors import UserError
from workbench.gui.pages.previews import preview_for
from workbench.gui.pages.previews.tokens import TokensPreview

Show = Callable[..., QWidget]
DATA = {"kind": "text_file", "path": "/x"}
SUMMARY = {
    "splits": {"training": {"count": 2}, "validation": {"count": 1}, "test": {"count": 0}},
    "facts": {"documents": 3, "characters": 5200, "different_characters": 61},
    "classes": [],
}


def engine() -> Canned:
    def cut(asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "pieces": [["The", 12], [" ", -1], ["cat", 7], ["?", 1], [f"{asked['document']}", 30]],
            "name": f"{asked['split']}.txt",
            "length": 3000,
            "document": asked["document"],
            "start": asked["start"],
            "documents": 2,
            "characters": 5000,
            "vocabulary": 1000,
            "characters_per_token": 2.5,
            "partly": False,
        }

    return Canned({"tokens.cut": cut})


def preview(answers: Canned, show: Show, qtbot: QtBot) -> TokensPreview:
    found = TokensPreview(answers)
    found.set_data(dict(DATA), SUMMARY)
    show(found, 600, 400)
    qtbot.waitUntil(lambda: bool(answers.questions("tokens.cut")))
    qtbot.wait(1)
    return found


def test_texts_without_labels_are_shown_as_tokens() -> None:
    assert preview_for("text", "next_token") is TokensPreview


def test_tokens_are_counted_and_told(show: Show, qtbot: QtBot) -> None:
    shown = preview(engine(), show, qtbot)
    qtbot.waitUntil(lambda: shown.view.toPlainText() == "The cat?0")
    total = "About 2,000 tokens of 2.50 characters, 1,000 different ones"
    qtbot.wait(50)
    assert shown._about.text() == total
    for number, told in (
        (0, "The is token 12."),
        (1, "␣ is left out."),
        (3, "? is not in the vocabulary."),
        (-1, total),
    ):
        shown.view.pointed.emit(number)
        assert shown._about.text() == told
    assert shown.tiles(SUMMARY) == [("Texts", "3"), ("Characters", "5,200"), ("Different characters", "61")]


def test_pages_follow_each_other_through_the_texts(show: Show, qtbot: QtBot) -> None:
    answers = engine()
    shown = preview(answers, show, qtbot)
    qtbot.waitUntil(shown._on.isEnabled)
    places = []
    for turn in (shown._on, shown._on, shown._on, shown._back):
        before = len(answers.questions("tokens.cut"))
        turn.click()
        qtbot.waitUntil(lambda before=before: len(answers.questions("tokens.cut")) > before)
        qtbot.wait(1)
        asked = answers.questions("tokens.cut")[-1]
        places.append((asked["document"], asked["start"]))
    assert places == [(0, 2000), (1, 0), (1, 2000), (1, 0)]


def test_it_follows_the_model_and_other_ways_can_be_tried(show: Show, qtbot: QtBot) -> None:
    answers = engine()
    shown = preview(answers, show, qtbot)
    gpt = {"kind": "gpt", "tokens": "bpe", "vocabulary": 300}
    shown.set_architecture(gpt)
    qtbot.waitUntil(lambda: answers.questions("tokens.cut")[-1]["architecture"] == gpt)
    shown._tokens.set_value("character")
    shown._tokens.chosen.emit("character")
    wanted = {"kind": "gpt", "tokens": "character", "vocabulary": 300}
    qtbot.waitUntil(lambda: answers.questions("tokens.cut")[-1]["architecture"] == wanted)


def test_empty_splits_are_not_offered_and_a_failure_is_said(show: Show, qtbot: QtBot) -> None:
    answers = engine()
    answers.answers["tokens.cut"] = UserError("The vocabulary is empty.")
    shown = preview(answers, show, qtbot)
    qtbot.waitUntil(lambda: shown.view.toPlainText() == "The vocabulary is empty.")
    assert set(shown._split._choices) == {"training", "validation"}
    assert not shown._on.isEnabled()
