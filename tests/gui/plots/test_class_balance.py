from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.core.errors import UserError
from workbench.gui.plots.class_balance import ClassBalance
from workbench.gui.plots.ticks import nice_ticks

COUNTS = {"Training": [140, 150, 0], "Validation": [20, 10, 5]}


def balance(show: Callable[..., ClassBalance], width: int = 320) -> ClassBalance:
    plot = show(ClassBalance(), width, 400)
    plot.set_counts(["cat", "dog", "bird"], COUNTS)
    return plot


def test_the_legend_shows_totals_and_then_those_of_the_pointed_class(show: Callable, qtbot: QtBot) -> None:
    plot = balance(show)
    assert plot.legend.text() == "Training 290   Validation 35"
    plot.bars.setFocus()
    qtbot.keyClick(plot.bars, Qt.Key.Key_Right)
    qtbot.keyClick(plot.bars, Qt.Key.Key_Right)
    assert plot.legend.text() == "Training 150   Validation 10"
    assert plot.bars.accessibleDescription() == "dog, Training 150, Validation 10"


def test_a_split_can_be_hidden(show: Callable, qtbot: QtBot) -> None:
    plot = balance(show)
    qtbot.mouseClick(plot.legend._entries["Validation"], Qt.MouseButton.LeftButton)
    assert plot.bars._totals() == [140, 150, 0]


def test_counts_are_saved(show: Callable, tmp_path: Path, qtbot: QtBot) -> None:
    plot = balance(show)
    plot.save(tmp_path / "balance.csv")
    text = (tmp_path / "balance.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines() == ["class,Training,Validation", "cat,140,20", "dog,150,10", "bird,0,5"]
    with qtbot.waitSignal(plot.failed) as failed:
        plot.header.export_wanted.emit(str(tmp_path / "nowhere" / "x.svg"))
    assert isinstance((failed.args or [None])[0], UserError)


@pytest.mark.parametrize("classes", [0, 1, 1000])
def test_any_number_of_classes_can_be_painted(show: Callable, classes: int) -> None:
    plot = balance(show)
    plot.set_counts([f"class {number}" for number in range(classes)], {"Training": list(range(classes))})
    assert not plot.grab().isNull()


def test_counts_that_do_not_match_are_refused(show: Callable) -> None:
    with pytest.raises(ValueError, match="one count for each class"):
        balance(show).set_counts(["cat"], {"Training": [1, 2]})


@pytest.mark.parametrize(
    ("high", "most", "ticks"), [(183, 4, [0, 50, 100, 150, 200]), (7, 4, [0, 2, 4, 6, 8]), (1, 2, [0, 0.5, 1])]
)
def test_ticks_are_round(high: float, most: int, ticks: list[float]) -> None:
    assert nice_ticks(0, high, most) == ticks
