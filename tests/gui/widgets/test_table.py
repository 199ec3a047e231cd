import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.core.errors import UserError
from workbench.gui import figures
from workbench.gui.widgets.table import Column, RowsModel, Table, csv_text

COLUMNS = (
    Column("file", "File"),
    Column("score", "Score", figures.percent, right=True),
    Column("seconds", "Latency", figures.duration),
)
ROWS = [
    {"file": "b.png", "score": 0.91, "seconds": 0.0029},
    {"file": "a.png", "score": float("nan"), "seconds": 0.0031},
    {"file": "C.png", "score": 0.9981, "seconds": None},
    {"file": "=1+1", "score": 0.1},
]


@pytest.fixture
def table(show: Callable[..., Table]) -> Table:
    widget = show(Table(), 500, 260)
    widget.set_model(RowsModel(COLUMNS, ROWS))
    return widget


def column(table: Table, number: int) -> list[str]:
    return [table.model().index(row, number).data() for row in range(table.model().rowCount())]


def test_values_are_shown_as_a_person_reads_them(table: Table) -> None:
    assert column(table, 1) == ["91.0 %", "NaN", "99.8 %", "10.0 %"]
    assert column(table, 2) == ["2.9 ms", "3.1 ms", "–", "–"]


def test_sorting_goes_by_value_and_missing_ones_come_last(table: Table) -> None:
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert column(table, 1) == ["10.0 %", "91.0 %", "99.8 %", "NaN"]
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert column(table, 1) == ["99.8 %", "91.0 %", "10.0 %", "NaN"]
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert column(table, 0) == ["=1+1", "a.png", "b.png", "C.png"]


def test_rows_can_be_filtered_and_selected(table: Table, qtbot: QtBot) -> None:
    table.set_filter(lambda row: row["file"].endswith(".png"))
    assert table.model().rowCount() == 3
    table.selectRow(1)
    assert table.selected_rows()[0] is ROWS[1]
    assert table.row_at(2) == ROWS[2]


def test_csv_has_full_values_in_the_order_shown_and_no_formulas(table: Table, tmp_path: Path) -> None:
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    table.save_csv(tmp_path / "table.csv")
    text = (tmp_path / "table.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["File", "Score", "Latency"]
    assert rows[1] == ["C.png", "0.9981", ""]
    assert rows[3] == ["'=1+1", "0.1", ""]
    assert csv_text(table.model()).splitlines()[0] == "File,Score,Latency"


def test_a_csv_that_cannot_be_written_says_so(table: Table, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="could not be written"):
        table.save_csv(tmp_path / "nowhere" / "table.csv")


def test_new_rows_replace_those_before(table: Table) -> None:
    model = table._model
    model.set_rows(ROWS[:1])
    assert column(table, 0) == ["b.png"]
    assert model.rows() == ROWS[:1]
