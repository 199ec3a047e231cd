from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.image_grid import ImageGrid


class Supplier:
    """Sixty thousand images that note which of them were asked for; the brightness tells the row."""

    def __init__(self, count: int = 60_000, channels: int = 1) -> None:
        self.count = count
        self.channels = channels
        self.asked: list[int] = []

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        self.asked.extend(rows.tolist())
        shade = (rows % 200 + 20).astype(np.uint8)
        return np.broadcast_to(shade[:, None, None, None], (len(rows), 8, 8, self.channels))


@pytest.fixture
def grid(show: Callable[..., ImageGrid]) -> tuple[ImageGrid, Supplier]:
    widget, supplier = show(ImageGrid(), 640, 300), Supplier()
    widget.set_supplier(supplier.count, supplier, tip=lambda row: f"number {row}")
    return widget, supplier


def test_only_what_is_visible_is_read(grid: tuple[ImageGrid, Supplier], qtbot: QtBot) -> None:
    widget, supplier = grid
    qtbot.waitUntil(lambda: set(widget.visible_rows()) <= set(supplier.asked))
    assert max(supplier.asked) < 100
    assert len(set(supplier.asked)) == len(supplier.asked)
    widget.verticalScrollBar().setValue(widget.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: 59_999 in supplier.asked)
    assert len(supplier.asked) < 250
    assert widget.visible_rows()[-1] == 59_999


def test_every_image_stands_where_its_row_says(grid: tuple[ImageGrid, Supplier], qtbot: QtBot) -> None:
    widget, supplier = grid
    qtbot.waitUntil(lambda: set(widget.visible_rows()) <= set(supplier.asked))
    image = widget.viewport().grab().toImage()
    for row in (0, 5, 23):
        centre = widget.rect_of(row).center()
        assert widget.row_at(centre) == row
        assert image.pixelColor(centre).red() == row % 200 + 20


def test_small_images_keep_hard_edges(show: Callable[..., ImageGrid]) -> None:
    widget = show(ImageGrid(), 200, 100)
    checks = np.indices((8, 8)).sum(axis=0) % 2 * 255
    widget.set_supplier(1, lambda rows: np.repeat(checks[None, :, :, None], len(rows), axis=0).astype(np.uint8))
    image, rect = widget.viewport().grab().toImage(), widget.rect_of(0)
    shades = {
        image.pixelColor(x, y).red() for x in range(rect.left(), rect.right()) for y in range(rect.top(), rect.bottom())
    }
    assert shades == {0, 255}


def test_the_keyboard_moves_the_selection(grid: tuple[ImageGrid, Supplier], qtbot: QtBot) -> None:
    widget, _ = grid
    with qtbot.waitSignal(widget.selected) as selected:
        qtbot.keyClick(widget, Qt.Key.Key_Down)
    assert selected.args == [0]
    qtbot.keyClick(widget, Qt.Key.Key_Down)
    qtbot.keyClick(widget, Qt.Key.Key_Right)
    assert widget.current() == widget.columns() + 1
    assert widget.accessibleDescription() == f"number {widget.columns() + 1}"
    qtbot.keyClick(widget, Qt.Key.Key_End)
    assert widget.current() == 59_999
    assert 59_999 in widget.visible_rows()
    with qtbot.waitSignal(widget.activated) as activated:
        qtbot.keyClick(widget, Qt.Key.Key_Return)
    assert activated.args == [59_999]


def test_a_click_selects_and_a_gap_does_not(grid: tuple[ImageGrid, Supplier], qtbot: QtBot) -> None:
    widget, _ = grid
    qtbot.mouseClick(widget.viewport(), Qt.MouseButton.LeftButton, pos=widget.rect_of(12).center())
    assert widget.current() == 12
    qtbot.mouseClick(widget.viewport(), Qt.MouseButton.LeftButton, pos=widget.rect_of(3).bottomRight() + QPoint(4, 0))
    assert widget.current() == 12


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_colours_arrive(show: Callable[..., ImageGrid], channels: int) -> None:
    widget = show(ImageGrid(40), 200, 100)
    pixels = np.full((1, 5, 7, channels), 255, dtype=np.uint8)
    pixels[..., :1] = 90
    widget.set_supplier(1, lambda rows: pixels[rows])
    color = widget.viewport().grab().toImage().pixelColor(widget.rect_of(0).center())
    assert color == (QColor(90, 90, 90) if channels == 1 else QColor(90, 255, 255))


def test_labels_stand_below_the_images(show: Callable[..., ImageGrid]) -> None:
    widget, supplier = show(ImageGrid(), 400, 300), Supplier()
    widget.set_supplier(50, supplier)
    before = widget.rect_of(widget.columns()).top()
    widget.set_supplier(50, supplier, label=lambda row: f"class {row}")
    assert widget.rect_of(widget.columns()).top() > before
    assert widget.describe(7) == "class 7"


def test_an_empty_grid_paints(show: Callable[..., ImageGrid]) -> None:
    widget = show(ImageGrid(), 300, 200)
    widget.set_supplier(0, Supplier())
    assert list(widget.visible_rows()) == []
    assert not widget.grab().isNull()


def test_refresh_asks_again(grid: tuple[ImageGrid, Supplier], qtbot: QtBot) -> None:
    widget, supplier = grid
    qtbot.waitUntil(lambda: set(widget.visible_rows()) <= set(supplier.asked))
    supplier.asked.clear()
    widget.refresh()
    qtbot.waitUntil(lambda: 0 in supplier.asked)
