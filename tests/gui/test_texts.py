"""Texts through the window, from a table to a prediction, with the real engine and the real trainer."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.person import Person, recipe_of
from tests.test_chinese_texts import FRESH, write_reviews

TAGS = (("fast", "fast"), ("fast cheap", "fast;cheap"), ("loud", "loud"), ("loud cheap", "cheap;loud"))


def opens(person: Person, path: Path) -> list[dict[str, Any]]:
    """Drop a file on the page and return the rows of the preview once they are there."""
    person.drops("data.drop", path)
    person.waits_for_model()
    model = person.find("data.rows").model()
    person.waits(lambda: model.rowCount() > 0)
    return [person.find("data.rows").row_at(row) for row in range(model.rowCount())]


def tries(person: Person, text: str) -> str:
    person.waits(lambda: person.window.behind.trainings.live() == [])
    person.click("train.try")
    person.waits(
        lambda: person.window.findChild(QWidget, "try.text") is not None and person.find("try.text").isVisible()
    )
    person.sets("try.text", text)
    person.click("try.predict")
    person.waits(lambda: person.find("try.label").text())
    return person.find("try.label").text()


@pytest.mark.slow
def test_a_table_in_gb18030_trains_and_is_answered_in_chinese(qtbot: QtBot, own_folders: Path, tmp_path: Path):
    known = write_reviews(tmp_path / "评论.csv")
    person = Person(qtbot, own_folders / "runs")
    rows = opens(person, tmp_path / "评论.csv")
    assert all([row["text"], row["label"]] in known for row in rows)
    assert person.find("data.lengths").isVisible()
    problems = person.window.workspace.data.content.summary["problems"]
    assert "GB18030" in " ".join(str(problem["words"]["values"]) for problem in problems)
    person.goes_to("model")
    person.waits(lambda: person.window.findChild(QWidget, "form.architecture.tokens") is not None)
    person.waits_for_model()
    person.sets("form.architecture.tokens", "Characters")
    person.waits(lambda: person.window.behind.draft.recipe()["architecture"].get("tokens") == "character", 20_000)
    person.goes_to("train")
    person.sets("form.training.epochs", 6)
    person.sets("form.training.optimizer.learning_rate", 0.01)
    folder = person.starts()
    assert person.waits_for_end() == "finished"
    assert recipe_of(folder)["architecture"]["tokens"] == "character"
    assert tries(person, FRESH) == "差评"
    assert person.find("try.text").toPlainText() == FRESH
    person.drops("try.drop", tmp_path / "评论.csv")
    person.waits(lambda: person.find("try.table").model().rowCount() == len(known))
    assert {person.find("try.table").row_at(row)["label"] for row in range(len(known))} == {"好评", "差评"}


@pytest.mark.slow
def test_several_labels_are_opened_trained_and_told(qtbot: QtBot, own_folders: Path, tmp_path: Path):
    lines = [f"{words} thing {number},{tags}" for number in range(40) for words, tags in TAGS]
    (tmp_path / "tags.csv").write_text("\n".join(["text,tags", *lines]))
    person = Person(qtbot, own_folders / "runs")
    rows = opens(person, tmp_path / "tags.csv")
    assert {row["label"] for row in rows} == {"fast", "cheap, fast", "loud", "cheap, loud"}
    person.goes_to("train")
    person.sets("form.training.epochs", 8)
    person.sets("form.training.optimizer.learning_rate", 0.01)
    person.starts()
    assert person.waits_for_end() == "finished"
    assert tries(person, "a cheap and loud one") == "cheap, loud"
    assert person.find("try.bars").isVisible()
