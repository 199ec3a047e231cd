"""What is set up from the Share page: recipes made of the run that is chosen there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned
from tests.gui.pages.test_share_page import FORMATS, TARGETS
from workbench.core.run_folder import new_run
from workbench.gui.pages.share import SharePage
from workbench.gui.passphrases import Passphrases
from workbench.gui.service import Service
from workbench.gui.share_desk import ShareDesk
from workbench.gui.widgets.banner import Banner


def told(waited: Any) -> list[Any]:
    """Return what a signal carried while `qtbot.waitSignal` waited for it."""
    assert waited.args
    return waited.args


def test_recipes_are_made_of_the_run(show: Callable[..., Any], qtbot: QtBot, tmp_path: Path):
    folder = new_run(tmp_path, "a", "[training]\nepochs = 9\n[training.optimizer]\nlearning_rate = 0.01\n")
    engine = Canned(
        {
            "exporting.targets": {"inputs": "table", "targets": TARGETS},
            "compressing.formats": {"formats": FORMATS, "why": None, "pruning": None, "teaching": None},
        }
    )
    service = Service()
    page = SharePage(engine, engine, service, Passphrases(()))
    said: list[Banner] = []
    desk = ShareDesk(page, said.append)
    show(page, 1000, 700)
    page.set_runs([{"path": str(folder.path), "title": "a", "epoch": 1, "score": ""}])
    qtbot.waitUntil(page.compressing.prune.button.isEnabled)
    with qtbot.waitSignal(desk.made) as pruned:
        page.compressing.prune.button.click()
    recipe, lent, where = told(pruned)
    assert (lent["pruning"], lent["start_from"], where) == ({"share": 0.3}, str(folder.path), "train")
    assert recipe["training"] == {"epochs": 9, "optimizer": {"learning_rate": 0.01}}
    desk.tell(lent)
    words = [label.text() for label in said[0].findChildren(QLabel)]
    assert "The next run begins with these weights and prunes 30 % of every layer." in words
    with qtbot.waitSignal(desk.made) as taught:
        page.compressing.distil.button.click()
    recipe, lent, where = told(taught)
    assert (lent["teacher"], where) == (str(folder.path), "model")
    desk.tell(lent)
    assert len(said) == 2
    with qtbot.waitSignal(said[1].closed):
        desk.forget()
    service.deleteLater()
