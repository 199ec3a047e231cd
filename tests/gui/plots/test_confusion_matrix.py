from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.gui.plots.confusion_matrix import ConfusionMatrix


def matrix(show: Callable[..., ConfusionMatrix]) -> ConfusionMatrix:
    plot = show(ConfusionMatrix(), 400, 460)
    plot.set_matrix(["cat", "dog"], [[8, 2], [1, 9]])
    return plot


def test_the_keyboard_reads_cells_out(show: Callable, qtbot: QtBot) -> None:
    plot = matrix(show)
    plot.view.setFocus()
    qtbot.keyClick(plot.view, Qt.Key.Key_Right)
    assert plot.read_out() == "cat taken for dog: 2 of 10 (20.0 %)"
    with qtbot.waitSignal(plot.cell_clicked) as clicked:
        qtbot.keyClick(plot.view, Qt.Key.Key_Return)
    assert clicked.args == [0, 1]


def test_a_click_names_the_cell(show: Callable, qtbot: QtBot) -> None:
    plot = matrix(show)
    corner = plot.view._area().bottomRight().toPoint()
    with qtbot.waitSignal(plot.cell_clicked) as clicked:
        qtbot.mouseClick(plot.view, Qt.MouseButton.LeftButton, pos=corner - type(corner)(9, 9))
    assert clicked.args == [1, 1]


def test_it_is_saved_as_csv(show: Callable, tmp_path: Path) -> None:
    matrix(show).save(tmp_path / "confusion.csv")
    lines = (tmp_path / "confusion.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["true \\ predicted,cat,dog", "cat,8,2", "dog,1,9"]


@pytest.mark.parametrize("classes", [0, 1, 200])
def test_any_number_of_classes_can_be_painted(show: Callable, classes: int) -> None:
    plot = matrix(show)
    plot.set_matrix([f"class {number}" for number in range(classes)], np.eye(classes, dtype=int))
    assert not plot.grab().isNull()


def test_a_matrix_of_another_size_is_refused(show: Callable) -> None:
    with pytest.raises(ValueError, match="2 labels"):
        matrix(show).set_matrix(["a", "b"], np.zeros((3, 3)))
