from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.gui.plots.length_histogram import LengthHistogram

LENGTHS = {
    "word": {"lengths": [10, 20, 30, 5_000], "counts": [50, 40, 9, 1]},
    "character": {"lengths": [100, 200, 2_000], "counts": [90, 5, 5]},
}


@pytest.fixture
def plot(show: Callable[..., LengthHistogram]) -> LengthHistogram:
    plot = show(LengthHistogram(), 400, 200)
    plot.set_lengths(LENGTHS)
    return plot


def test_it_says_what_an_automatic_length_cuts_off(plot: LengthHistogram) -> None:
    assert plot.automatic() == 30
    assert plot.sentence.text() == "An automatic length reads 30 words: 1.0 % of the texts are longer."
    plot.unit._take(plot.unit._menu.actions()[1])
    assert plot.automatic() == 200
    assert plot.sentence.text() == "An automatic length reads 200 characters: 5.0 % of the texts are longer."


def test_pointing_at_a_length_says_what_it_cuts_off(plot: LengthHistogram, qtbot: QtBot) -> None:
    plot.bars.setFocus()
    for _ in range(11):
        qtbot.keyClick(plot.bars, Qt.Key.Key_Left)
    assert plot.sentence.text() == "At 19 words, 50.0 % of the texts are cut off."
    assert plot.bars.accessibleDescription() == plot.sentence.text()
    qtbot.mouseMove(plot.bars, QPoint(5, 20))
    qtbot.waitUntil(lambda: plot.sentence.text().startswith("At 1 words, 100.0 %") or "At 0" in plot.sentence.text())
    QApplication.sendEvent(plot.bars, QEvent(QEvent.Type.Leave))
    assert plot.sentence.text().startswith("An automatic length")


def test_a_few_very_long_texts_do_not_squeeze_the_others(plot: LengthHistogram) -> None:
    assert sum(plot.bars._bars) == 100
    assert plot.bars._reach() == 31
    plot.set_lengths({"word": {"lengths": [10, 900], "counts": [999, 1]}, "character": {"lengths": [], "counts": []}})
    assert plot.bars._reach() == 11
    assert sum(plot.bars._bars) == 1_000


def test_nothing_and_one_length_can_be_painted(plot: LengthHistogram) -> None:
    for lengths in ({}, {"word": {"lengths": [0], "counts": [1]}, "character": {"lengths": [0], "counts": [1]}}):
        plot.set_lengths(lengths)
        assert not plot.grab().isNull()


def test_lengths_are_saved(plot: LengthHistogram, tmp_path: Path) -> None:
    plot.save(tmp_path / "x.csv")
    text = (tmp_path / "x.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines() == ["words,texts", "10,50", "20,40", "30,9", "5000,1"]
