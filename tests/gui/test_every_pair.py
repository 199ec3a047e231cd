"""Every architecture × each task that it learns, through the window: sample, model, training, and an answer."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.person import Person, recipe_of
from tests.pairs import Pair, pairs
from workbench.core.run_reader import whole_history

STEPS = 12


@pytest.mark.slow
@pytest.mark.parametrize("pair", pairs(), ids=Pair.name)
def test_from_the_sample_to_an_answer(pair: Pair, qtbot: QtBot, own_folders: Path) -> None:
    person = Person(qtbot, own_folders / "runs")
    window = person.window
    data = pair.data()
    person.goes_to("data")
    window.workspace.data.open_settings({**data, "kind": "samples"})
    person.waits_for_model()
    window.workspace.model.set_architecture(pair.architecture())
    person.waits(lambda: window.behind.draft.recipe()["architecture"].get("kind") == pair.kind)
    person.waits_for_model()
    person.goes_to("train")
    for name, value in {"runs_in": "worker thread", "steps": STEPS}.items():
        person.sets(f"form.training.{name}", value)
    folder = person.starts()
    assert person.waits_for_end() == "finished", window.workspace.train.state()
    losses = whole_history(folder)[0].scalars["training_loss"][1]
    assert len(losses) == STEPS
    assert recipe_of(folder)["data"]["task"] == pair.task
    person.waits(lambda: window.behind.trainings.live() == [])
    person.click("train.try")
    person.waits(lambda: person.find("try.run").currentData() == str(folder.path))
    person.waits(lambda: window.workspace.try_it.panel is not None)
    panel = window.workspace.try_it.panel
    assert panel is not None
    before = shown(panel.result)
    if pair.task == "next_token":
        window.workspace.try_it.take_text("The kettle")
        person.click("try.predict")
    elif panel.samples:
        person.waits(lambda: person.find("try.sample").isVisible(), 20_000)
        person.click("try.sample")
    person.waits(lambda: shown(panel.result) != before)


def shown(result: QWidget) -> list[str]:
    """Return every text that the answer shows."""
    labels = [label.text() for label in result.findChildren(QLabel)]
    return labels + [box.toPlainText() for kind in (QPlainTextEdit, QTextEdit) for box in result.findChildren(kind)]
