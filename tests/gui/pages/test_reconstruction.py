"""An autoencoder in the window: in, out, difference, and a map that decodes where one points."""

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, pixels
from workbench.gui.pages.trying.reconstruction import ReconstructionResult

PICTURE = pixels(np.arange(64, dtype=np.uint8).reshape(8, 8, 1))
ANSWERS = {
    "latent.reconstruct": {"input": PICTURE, "output": PICTURE, "difference": PICTURE, "error": 0.25},
    "latent.points": {"points": [[0.0, 0.0], [1.0, 2.0]], "labels": [0, 1], "classes": ["zero", "one"], "exact": True},
    "latent.decode": PICTURE,
}
DESCRIPTION = {"inputs": {"kind": "image", "shape": [1, 8, 8]}}
PREDICTION = {"input": "x", "error": 0.25, "seconds": 0.002, "notes": []}


def made(show: Callable[..., Any], kind: str = "image") -> tuple[Any, Canned]:
    engine = Canned(ANSWERS)
    result: Any = show(ReconstructionResult(), 520, 600)
    result.set_engine(engine)
    result.set_run("/runs/a", {"inputs": {"kind": kind, "shape": [1, 8, 8]}})
    return result, engine


def test_the_pictures_and_the_map_are_shown(show: Callable[..., Any], qtbot: QtBot, tmp_path: Any) -> None:
    result, engine = made(show)
    qtbot.waitUntil(result.map.isVisible)
    result.show_given({"image": "abc"}, {"invert": True})
    result.show_prediction(PREDICTION, {})
    qtbot.waitUntil(result.pictures.isVisible)
    assert result.label.text() == "Error 0.250"
    assert all(not result.views[name].image().isNull() for name in ("input", "output", "difference"))
    assert engine.questions("latent.reconstruct") == [{"run": "/runs/a", "input": {"image": "abc"}, "invert": True}]
    field = result.map.field
    place, none = QPointF(field.rect().center()), Qt.MouseButton.NoButton
    moved = QMouseEvent(
        QMouseEvent.Type.MouseMove, place, field.mapToGlobal(place), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(field, moved)
    qtbot.waitUntil(lambda: not result.views["decoded"].image().isNull())
    asked = engine.questions("latent.decode")[-1]["point"]
    assert np.allclose(asked, [0.5, 1.0], atol=0.1)
    QTest.keyClick(field, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: len(engine.questions("latent.decode")) == 2)
    assert engine.questions("latent.decode")[-1]["point"][0] > asked[0]
    result.show_nothing()
    assert not result.pictures.isVisible()
    result.map.save(tmp_path / "map.csv")
    assert (tmp_path / "map.csv").read_text(encoding="utf-8-sig").splitlines()[1] == "0.0,0.0,zero"


def test_other_inputs_have_the_error_alone(show: Callable[..., Any]) -> None:
    result, engine = made(show, "table")
    result.show_given({"row": {}}, {})
    result.show_prediction(PREDICTION, {})
    assert result.label.text() == "Error 0.250"
    assert not result.pictures.isVisible()
    assert engine.asked == []
