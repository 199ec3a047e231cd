"""What holds for each of the pages: every control has a name, and no text is cut off at the smallest size."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages import test_data_page, test_model_page, test_share_page, test_try_page
from tests.gui.pages.canned import Canned, pixels
from tests.gui.pages.catalogue import catalogue
from workbench.core.words import use_language
from workbench.gui.pages.data import DataPage
from workbench.gui.pages.model import ModelPage
from workbench.gui.pages.share import SharePage
from workbench.gui.pages.try_it import TryPage
from workbench.gui.passphrases import Passphrases
from workbench.gui.service import Service
from workbench.gui.widgets.elided_label import ElidedLabel

Show = Callable[..., QWidget]
SMALLEST = (1024 - 196, 640)
PAGES = ["data empty", "data", "model", "try", "share"]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    np.save(tmp_path / "images.npy", np.zeros((30, 4, 4, 1), np.uint8))
    np.save(tmp_path / "targets.npy", np.arange(30) % 3)
    np.save(tmp_path / "splits.npy", np.zeros(30, np.uint8))
    (tmp_path / "names.json").write_text(json.dumps([str(row) for row in range(30)]))
    return tmp_path


@pytest.fixture
def engine(cache: Path) -> Canned:
    inputs = {"kind": "image", "shape": [1, 8, 8]}
    return Canned(
        {
            "data.open": test_data_page.summary(cache),
            "model.fits": {
                "words": {"task": "", "why": {"template": "Takes texts.", "values": {}}},
                "net": {"task": "classification", "why": None},
                "plain": {"task": "classification", "why": None},
            },
            "settings.check": {"recipe": {"architecture": {"kind": "net"}}},
            "model.layers": test_model_page.layers,
            "model.measure": test_model_page.MEASURED,
            "prediction.describe": {"inputs": inputs, "labels": [], "path_ok": True},
            "prediction.predict": {"predictions": [test_try_page.prediction("x")]},
            "exporting.targets": {"inputs": "image", "targets": test_share_page.TARGETS},
            "compressing.formats": {"formats": test_share_page.FORMATS, "why": None, "pruning": None, "teaching": None},
            "prediction.seen": pixels(np.zeros((8, 8, 1), np.uint8)),
        }
    )


@pytest.fixture(params=["en", "zh_CN"])
def language(request: pytest.FixtureRequest) -> str:
    use_language(request.param)
    return request.param


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, language: str, engine: Canned, show: Show, qtbot: QtBot) -> QWidget:
    def full(made: Any) -> QWidget:
        return show(made, *SMALLEST)

    match request.param:
        case "data empty":
            return full(DataPage(engine, engine))
        case "data":
            data = DataPage(engine, engine)
            data.set_catalogue(catalogue())
            full(data)
            with qtbot.waitSignal(data.opened):
                data.open_sample("digits")
            return data
        case "model":
            model = ModelPage(engine, engine)
            model.network.estimate._quiet.setInterval(10)
            model.set_catalogue(catalogue())
            full(model)
            with qtbot.waitSignal(model.network.estimate.measured):
                model.set_data({"kind": "samples"}, test_model_page.summary())
            return model
        case "try":
            try_it = TryPage(engine, engine)
            full(try_it)
            try_it.set_runs(test_try_page.RUNS)
            qtbot.waitUntil(lambda: try_it.panel is not None)
            with qtbot.waitSignal(test_try_page.panel(try_it).predicted):
                try_it.incoming.take_image(test_try_page.picture())
            return try_it
        case _:
            share = SharePage(engine, engine, Service(engine), Passphrases((), engine))
            share.set_runs(test_try_page.RUNS)
            return full(share)


def seen(page: QWidget, *kinds: type) -> list[Any]:
    return [widget for kind in kinds for widget in page.findChildren(kind) if widget.isVisible()]


def path_of(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r} in {type(widget.parent()).__name__}"


def test_every_control_has_a_name(page: QWidget) -> None:
    controls = seen(page, QAbstractButton, QLineEdit, QComboBox)
    controls += [area for area in seen(page, QAbstractScrollArea) if area.focusPolicy() != Qt.FocusPolicy.NoFocus]
    nameless = [
        path_of(widget) for widget in controls if not (widget.accessibleName() or getattr(widget, "text", str)())
    ]
    assert not nameless


def test_no_text_is_cut_off_at_the_smallest_size(page: QWidget, qtbot: QtBot) -> None:
    assert page.minimumSizeHint().width() <= SMALLEST[0]
    assert page.minimumSizeHint().height() <= SMALLEST[1]
    cut = []
    for widget in seen(page, QLabel, QAbstractButton):
        if isinstance(widget, ElidedLabel) or not widget.text():
            continue
        wraps = isinstance(widget, QLabel) and widget.wordWrap()
        needed = widget.heightForWidth(widget.width()) if wraps else widget.minimumSizeHint().width()
        if (widget.height() if wraps else widget.width()) < needed:
            cut.append(f"{widget.text()!r}: {path_of(widget)}")
    assert not cut
