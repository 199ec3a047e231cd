"""Tables whose columns are as wide as what they hold."""

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.fitted_table import FittedTable, widths
from workbench.gui.widgets.table import Column, RowsModel


@pytest.mark.parametrize(
    ("wanted", "texts", "room", "found"),
    [
        ([100, 100, 50], [True, True, False], 350, [150, 150, 50]),  # texts share what is left
        ([100, 50], [False, False], 300, [200, 100]),
        ([300, 120, 50], [True, True, False], 370, [200, 120, 50]),  # the longest text gives first
        ([300, 300, 50], [True, True, False], 100, [96, 96, 50]),  # but stays readable: the rest scrolls
        ([], [], 100, []),
    ],
)
def test_room_goes_to_texts_and_is_taken_from_them(
    wanted: list[int], texts: list[bool], room: int, found: list[int]
) -> None:
    assert widths(wanted, texts, room) == found


def test_nothing_is_cut_while_there_is_room(show: Callable[..., Any], qtbot: QtBot) -> None:
    table = show(FittedTable(), 700, 200)
    model = RowsModel([Column("text", "Text"), Column("size", "Size", right=True), Column("name", "Row")])
    table.set_model(model)
    model.set_rows([{"text": "请联系张伟，谢谢你们的帮助", "size": 3, "name": "people.csv:12"}])
    for place in (0, 2):
        text = model.index(0, place).data()
        assert table.columnWidth(place) > table.fontMetrics().horizontalAdvance(text)
    assert sum(table.columnWidth(place) for place in range(3)) == table.viewport().width()
    table.resize(400, 200)
    qtbot.waitUntil(lambda: not table.horizontalScrollBar().maximum())
