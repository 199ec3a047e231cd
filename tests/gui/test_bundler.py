import sys
import zipfile
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.signals import carried
from workbench.gui import bundler
from workbench.gui.bundler import Bundler
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.side_bar import SideBar

WRITES = (
    "import sys, zipfile; zipfile.ZipFile(sys.argv[sys.argv.index('--bundle') + 1], 'w').writestr('a', sys.argv[2])"
)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(bundler, "downloads", lambda: tmp_path)
    return tmp_path


def told(qtbot: QtBot, packing: Bundler) -> tuple[Banner, Banner]:
    """Return what is said at once and what is said at the end."""
    with qtbot.waitSignal(packing.said) as first:
        packing.start()
    packing.start()  # pressed twice: one bundle
    with qtbot.waitSignal(packing.said, timeout=20_000) as second:
        pass
    for banner in (carried(first), carried(second)):
        qtbot.addWidget(banner)
    return carried(first), carried(second)


def test_one_click_packs_a_bundle_and_says_where_it_is(
    qtbot: QtBot, place: Path, monkeypatch: pytest.MonkeyPatch, own_folders: Path
):
    monkeypatch.setattr(bundler, "DOCTOR", (sys.executable, "-c", WRITES))
    first, last = told(qtbot, Bundler(own_folders / "runs"))
    (path,) = place.glob("workbench-debug-*.zip")
    with zipfile.ZipFile(path) as bundle:
        assert bundle.read("a").decode() == str(own_folders / "runs")
    assert first.text == "Looking at this machine and packing the debug bundle."
    assert last.text == (
        f"The debug bundle is {path}. It holds no data and no secrets. Look into it before you send it."
    )
    assert last.level == "good"
    assert "Show the folder" in [button.text() for button in last.findChildren(QPushButton)]


@pytest.mark.parametrize(
    "command", [(sys.executable, "-c", "import sys; sys.exit('no room at all')"), ("/no/such/program",)]
)
def test_a_bundle_that_cannot_be_made_says_why(
    command: tuple[str, ...], qtbot: QtBot, place: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bundler, "DOCTOR", command)
    _, last = told(qtbot, Bundler(place))
    assert last.text.startswith(f"The debug bundle could not be written to {place}")
    assert "has room, then try again" in last.text
    assert not list(place.glob("*.zip"))


def test_the_menu_of_the_side_bar_offers_it(qtbot: QtBot, light: object):
    bar = SideBar()
    qtbot.addWidget(bar)
    menu = bar.findChild(QMenu)
    assert menu is not None
    menu.aboutToShow.emit()
    action = next(action for action in menu.actions() if action.text() == "Save a debug bundle")
    with qtbot.waitSignal(bar.bundle_wanted):
        action.trigger()


@pytest.mark.slow
def test_the_real_one_holds_what_the_doctor_found(qtbot: QtBot, place: Path, own_folders: Path):
    packing = Bundler(own_folders / "runs")
    packing.start()
    with qtbot.waitSignal(packing.said, timeout=120_000) as done:
        pass
    qtbot.addWidget(carried(done))
    (path,) = place.glob("*.zip")
    with zipfile.ZipFile(path) as bundle:
        assert "torch" in bundle.read("doctor.txt").decode()
