"""Every registered thing has a form: a new file in a registry is tested without a new test."""

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workbench.engine.settings import catalogue
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
