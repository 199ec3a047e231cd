"""What the pages show of texts and of models that tell several labels."""

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned
from workbench.gui.pages.previews.text import TextPreview
from workbench.gui.pages.trying import RESULTS
from workbench.gui.pages.trying.several_labels import SeveralLabels

TOP = [{"label": "fast", "score": 0.9}, {"label": "cheap", "score": 0.6}, {"label": "loud", "score": 0.2}]
PREDICTION: dict[str, Any] = {
    "input": "x", "error": None, "label": "cheap, fast", "labels": ["cheap", "fast"], "score": 0.9, "top": TOP,
    "seconds": 0.002, "notes": [],
}  # fmt: skip
LENGTHS = {"word": {"lengths": [4], "counts": [2]}, "character": {"lengths": [16], "counts": [2]}}


@pytest.fixture
def result(show: Callable[..., SeveralLabels]) -> SeveralLabels:
    assert RESULTS["multi_label"] is SeveralLabels
    return show(SeveralLabels(), 500, 300)


def test_all_labels_are_told_with_a_line_at_the_threshold(result: SeveralLabels) -> None:
    result.show_prediction(PREDICTION, {"label": "cheap, fast"})
    assert result.label.text() == "cheap, fast"
    assert result.score.text().startswith("2 labels · ")
    assert result.truth.text() == "Right: it is cheap, fast"
    assert result.bars.bars() == [("fast", 0.9), ("cheap", 0.6), ("loud", 0.2)]
    assert result.bars._threshold == 0.5
    assert not result.grab().isNull()
    result.show_prediction(PREDICTION, {"label": "loud"})
    assert result.truth.text() == "Wrong: it is loud"


def test_no_label_is_an_answer_too(result: SeveralLabels) -> None:
    nothing = {**PREDICTION, "label": "", "labels": [], "top": [{"label": "fast", "score": 0.3}]}
    result.show_prediction(nothing, {})
    assert result.label.text() == "No label"
    assert result.answer(nothing) == "No label"
    assert result.bars.isVisible()
    result.show_nothing()
    assert not result.bars.isVisible()


def test_the_preview_of_texts_shows_their_lengths_and_all_labels(
    show: Callable[..., TextPreview], qtbot: QtBot
) -> None:
    rows = [{"text": "a cheap and fast one", "label": "cheap, fast", "name": "x.csv:2", "row": 0}]
    preview = show(TextPreview(Canned({"data.rows": {"rows": rows, "total": 1}})), 700, 500)
    splits = {name: {"count": 1, "classes": [1, 1]} for name in ("training", "validation", "test")}
    summary = {"classes": ["cheap", "fast"], "splits": splits, "facts": {"lengths": LENGTHS, "median_length": 16}}
    preview.set_data({"kind": "text_table"}, summary)
    qtbot.waitUntil(lambda: preview.rows.model.rowCount() == 1)
    preview.set_classes(["low price", "quick"])
    assert preview.rows.table.row_at(0)["label"] == "low price, quick"
    assert preview.lengths.isVisible()
    assert preview.lengths.automatic() == 8
    preview.set_data({"kind": "text_table"}, {**summary, "facts": {}})
    assert not preview.lengths.isVisible()
