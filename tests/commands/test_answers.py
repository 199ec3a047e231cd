"""Answers of models as lines for the terminal."""

import pytest

from workbench.commands.answers import in_full, in_short, show_predictions
from workbench.core.words import Words

TOP = [{"label": "loud", "score": 0.75}, {"label": "cheap", "score": 0.6}, {"label": "fast", "score": 0.2}]


def test_several_labels_are_said_before_their_scores() -> None:
    prediction = {"label": "cheap, loud", "labels": ["cheap", "loud"], "score": 0.75, "top": TOP}
    assert in_full(prediction) == ["cheap, loud", " 75.00%  loud", " 60.00%  cheap", " 20.00%  fast"]
    assert in_short(prediction) == "cheap, loud"
    nothing = {"label": "", "labels": [], "score": 0.2, "top": TOP[2:]}
    assert in_full(nothing) == ["No label", " 20.00%  fast"]
    assert in_short(nothing) == "No label"


def test_one_label_stands_with_its_score() -> None:
    assert in_full({"label": "loud", "score": 0.75, "top": TOP[:2]}) == [" 75.00%  loud", " 60.00%  cheap"]


def test_what_to_do_about_many_failures_of_one_reason_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    failed = {"label": "", "score": 0.0, "top": [], "error": Words("No key."), "hint": Words("Copy the key.")}
    show_predictions([{"input": name, **failed} for name in "ab"])
    assert capsys.readouterr().err.splitlines() == ["a: No key.", "b: No key.", "Copy the key."]
