"""Trying a model of masked tokens: what the masks become, and without one what the model would put everywhere."""

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned
from workbench.gui.figures import percent
from workbench.gui.pages.trying import panel_for
from workbench.gui.pages.trying.masked import MaskedPanel
from workbench.gui.pages.trying.masked_result import MaskedResult

DOG = [{"label": "dog", "score": 0.6}, {"label": "cat", "score": 0.3}]
SO = [{"label": "cute", "score": 0.5}, {"label": "##ly", "score": 0.4}]


def told(*tokens: tuple[str, str, float], masks: list[Any] | None = None) -> dict[str, Any]:
    rows = [{"token": token, "label": label, "score": score} for token, label, score in tokens]
    label = " ".join(candidates[0]["label"] for candidates in masks or [])
    return {
        "input": "Text", "error": None, "label": label, "score": 0.5, "masks": masks or [], "tokens": rows,
        "seconds": 0.002, "notes": [],
    }  # fmt: skip


HIDDEN = told(
    ("hello", "hello", 0.9), (",", ",", 0.9), ("my", "my", 0.4), ("", "dog", 0.6), ("is", "is", 0.7), ("", "cute", 0.5),
    ("##st", "##r", 0.1), masks=[DOG, SO],
)  # fmt: skip
PLAIN = told(("hello", "hello", 0.9), (",", ",", 0.9), ("dog", "cat", 0.4))


@pytest.fixture
def result(show: Callable[..., MaskedResult]) -> MaskedResult:
    return show(MaskedResult(), 520, 420)


def test_the_masks_become_the_best_guesses_with_the_candidates_as_bars(result: MaskedResult) -> None:
    result.show_prediction(HIDDEN, {})
    assert result.label.text() == "dog cute"
    assert result.view.toPlainText() == "hello, my dog is cutest"
    assert result.bars.bars() == [("dog", 0.6), ("cat", 0.3)]
    result.view.pointed.emit(5)
    assert result.bars.bars() == [("cute", 0.5), ("##ly", 0.4)]
    assert result.told.text().startswith("Candidates of mask 2.")
    result.view.pointed.emit(2)
    assert result.told.text() == f"my: the model would put my here, with {percent(0.4)}."
    assert not result.grab().isNull()


def test_without_a_mask_every_place_tells_what_the_model_would_put_there(result: MaskedResult) -> None:
    result.show_prediction(PLAIN, {})
    assert result.label.text() == "2 of 3"
    assert not result.bars.isVisible()
    result.view.pointed.emit(2)
    assert result.told.text() == f"dog: the model would put cat here, with {percent(0.4)}."
    result.show_nothing()
    assert not result.view.isVisible()


def test_tokens_that_bring_their_blanks_get_no_more_of_them(result: MaskedResult) -> None:
    result.show_prediction(told(("my", "my", 0.4), (" dog", " cat", 0.4), (" is", " is", 0.4)), {})
    assert result.view.toPlainText() == "my dog is"
    result.show_prediction(told(("我", "我", 0.4), ("们", "的", 0.4)), {})
    assert result.view.toPlainText() == "我们"


def test_a_button_hides_a_word_and_the_model_is_asked(show: Callable[..., MaskedPanel], qtbot: QtBot) -> None:
    engine = Canned({"prediction.predict": {"predictions": [HIDDEN]}})
    made = panel_for("masked_token", "text")(engine)
    assert isinstance(made, MaskedPanel)
    panel = show(made, 520, 300)
    qtbot.addWidget(made.result)
    panel.set_run("/run", {"inputs": {"kind": "text", "shape": [8], "vocabulary": 20}})
    panel.take_text("Hello, my dog is cute")
    box = panel.input.text  # pyright: ignore[reportAttributeAccessIssue]
    cursor = box.textCursor()
    cursor.setPosition(12)
    box.setTextCursor(cursor)
    with qtbot.waitSignal(panel.predicted):
        panel.ways[-1].click()
    assert box.toPlainText() == "Hello, my [MASK] is cute"
