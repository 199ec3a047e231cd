"""The run that is being set up: what is known of its steps before it starts."""

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned
from workbench.gui.draft import Draft

SUMMARY = {"name": "x", "inputs": {}, "outputs": 0, "splits": {"training": {"count": 64}}}
TRAINING = {"epochs": 10, "batch_size": 16, "accumulation": 1}


@pytest.mark.parametrize(("task", "samples", "steps"), [("classification", 64, 4), ("next_token", 0, 0)])
def test_stretches_of_texts_are_not_counted_by_their_texts(
    task: str, samples: int, steps: int, qtbot: QtBot, tmp_path: Path
) -> None:
    recipe = {"data": {}, "architecture": {}, "training": TRAINING}
    engine: Any = Canned(
        {
            "model.layers": {"parameters": 7, "task": task},
            "settings.check": {"recipe": recipe},
            "settings.learning_rates": {"steps": [0, 1], "values": [1.0, 0.0]},
        }
    )
    draft = Draft(engine, tmp_path)
    draft.set_data({"data": {"kind": "x"}, "summary": SUMMARY})
    draft.set_training(TRAINING)
    draft.set_architecture({"kind": "gpt"})
    qtbot.waitUntil(lambda: draft.parameters == 7)
    assert (draft.samples(), draft.steps_per_epoch()) == (samples, steps)
    with qtbot.waitSignal(draft.rates_changed) as told:
        draft.set_training({**TRAINING, "epochs": 9})
    assert told.args == ([[0, 1], [1.0, 0.0]] if steps else [[], []])


def test_settings_are_changed_by_their_full_name(tmp_path: Path) -> None:
    draft = Draft(Canned({}), tmp_path)  # type: ignore[arg-type]
    draft.training = {"epochs": 3, "privacy": {"on": True}}
    draft.architecture = {"normalization": "batch"}
    found = draft.with_settings({"architecture.normalization": "group", "training.privacy.on": False})
    assert found["architecture"] == {"normalization": "group"}
    assert found["training"] == {"epochs": 3, "privacy": {"on": False}}
    assert draft.architecture == {"normalization": "batch"}
    assert draft.training["privacy"]["on"]
