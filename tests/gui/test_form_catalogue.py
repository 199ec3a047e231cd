"""Every registered thing has a form: a new file in a registry is tested without a new test."""

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workbench.core.words import use_language
from workbench.engine.settings import catalogue
from workbench.gui.editors import LineEditor
from workbench.gui.form import Form

CATALOGUE: dict[str, Any] = catalogue()
THINGS = [
    (group, kind) for group in ("data", "architectures", "optimizers", "schedules") for kind in sorted(CATALOGUE[group])
]


@pytest.mark.parametrize(("group", "kind"), THINGS)
def test_a_form_can_be_built_and_its_defaults_read_back(group: str, kind: str, qtbot: QtBot) -> None:
    form = Form(group, CATALOGUE[group][kind]["schema"], CATALOGUE)
    qtbot.addWidget(form)
    values = form.values()
    assert values["kind"] == kind
    assert form.errors() == {}
    form.set_values(values)
    assert form.values() == values


def test_the_training_form_has_what_is_chosen_in_it(qtbot: QtBot) -> None:
    form = Form("training", CATALOGUE["training"]["schema"], CATALOGUE)
    qtbot.addWidget(form)
    assert form.errors() == {}
    assert form.field("optimizer.learning_rate") is not None
    assert form.values()["schedule"]["kind"] in CATALOGUE["schedules"]


def worded(form: Form) -> dict[str, LineEditor]:
    lines = {path: row.editor for path, row in form._panel.rows() if isinstance(row.editor, LineEditor)}
    return {path: line for path, line in lines.items() if line.field.words}


@pytest.mark.parametrize(("group", "kind"), [*THINGS, ("training", "")])
def test_words_in_fields_are_shown_and_taken_as_they_are_called(group: str, kind: str, qtbot: QtBot) -> None:
    use_language("zh_CN")
    schema = CATALOGUE[group][kind]["schema"] if kind else CATALOGUE[group]["schema"]
    form = Form(group, schema, CATALOGUE)
    qtbot.addWidget(form)
    for path, line in worded(form).items():
        for word in line.field.words:
            line.setValue(word)
            assert line.text() in {"自动", "全部", "全部 GPU", "无"}, path
            assert line.value() == word
            line.setText(f" {word.upper()} ")
            assert line.value() == word
    assert {"batch_size", "threads", "privacy.delta", "freeze", "target_metric"} <= set(worded(form)) or kind
