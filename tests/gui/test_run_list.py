import shutil
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.core.run_maker import finished_run, queued_run, started
from workbench.core.errors import UserError
from workbench.core.run_writer import RunWriter
from workbench.gui import run_list
from workbench.gui.run_list import RunList


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def listing(runs: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunList]:
    monkeypatch.setattr(run_list, "_PAUSE_MILLISECONDS", 20)
    listing = RunList(runs)
    yield listing
    listing.stop()
    listing.deleteLater()


def shown(listing: RunList) -> list[str]:
    return [row.shown for row in listing.rows()]


def test_runs_are_known_soon_and_new_ones_are_found(qtbot: QtBot, listing: RunList, runs: Path):
    finished_run(runs, "one")
    with qtbot.waitSignal(listing.known):
        listing.start()
    assert shown(listing) == ["one"]
    finished_run(runs, "two")
    qtbot.waitUntil(lambda: sorted(shown(listing)) == ["one", "two"])
    shutil.rmtree(listing.folder(listing.rows()[0].name).path)
    qtbot.waitUntil(lambda: len(shown(listing)) == 1)
    assert len(listing.rows("two")) + len(listing.rows("one")) == 1


def test_what_trains_is_told_at_once_and_when_it_begins_later(qtbot: QtBot, listing: RunList, runs: Path):
    first, second = queued_run(runs, "first"), queued_run(runs, "second")
    found: list[str] = []
    listing.live_found.connect(lambda folder: found.append(folder.name))
    with RunWriter(first) as writer:
        writer.write(started())
        listing.start()
        assert found == [first.name]
        with RunWriter(second) as other:
            other.write(started())
            qtbot.waitUntil(lambda: second.name in found)


def test_notes_are_shown_at_once(qtbot: QtBot, listing: RunList, runs: Path):
    folder = finished_run(runs, "one")
    listing.start()
    with qtbot.waitSignal(listing.changed):
        listing.write_notes(folder.name, name="another", tags=["a"])
    assert shown(listing) == ["another"]


def test_a_discarded_run_comes_back(listing: RunList, runs: Path):
    folder = finished_run(runs, "one")
    listing.start()
    listing.look_again(folder.name)
    places = listing.discard([folder.name])
    assert shown(listing) == []
    assert not folder.path.exists()
    listing.bring_back(places)
    assert shown(listing) == ["one"]


def test_a_run_that_trains_is_not_discarded(listing: RunList, runs: Path):
    folder = queued_run(runs, "one")
    listing.start()
    with RunWriter(folder), pytest.raises(UserError, match="is being trained"):
        listing.discard([folder.name])
    assert folder.path.is_dir()


def test_the_trash_is_emptied_after_thirty_days(listing: RunList, runs: Path):
    for days in (29, 31):
        (runs / ".trash" / (date.today() - timedelta(days=days)).isoformat() / "run").mkdir(parents=True)
    (runs / ".trash" / "9999-99-99").mkdir()
    listing.start()
    kept = sorted(path.name for path in (runs / ".trash").iterdir())
    assert kept == [(date.today() - timedelta(days=29)).isoformat(), "9999-99-99"]


def test_a_damaged_index_is_told_of(qtbot: QtBot, listing: RunList, runs: Path):
    finished_run(runs, "one")
    (runs / "runs.sqlite3").write_bytes(b"no database" * 200)
    with qtbot.waitSignal(listing.rebuilt) as waiter:
        listing.start()
    assert waiter.args == [1]


@pytest.mark.slow
def test_a_thousand_runs_never_hold_the_window_up(qtbot: QtBot, listing: RunList, runs: Path):
    template = finished_run(runs, "template")
    for number in range(1000):
        shutil.copytree(template.path, runs / f"2026-01-01_000000_copy_{number:04}")
    gaps: list[float] = []
    last = time.perf_counter()
    listing.start()

    def look() -> bool:
        nonlocal last
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
        return len(listing.rows("copy 0999")) == 1 and len(gaps) > 50

    qtbot.waitUntil(look, timeout=60_000)
    assert sorted(gaps)[-2] < 0.3
