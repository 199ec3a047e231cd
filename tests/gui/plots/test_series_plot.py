"""The plot of series: lines of one name go together, values under the crosshair, gaps, export."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from workbench.gui.plots.series_plot import Band, Line, SeriesPlot

Show = Callable[..., QWidget]
LINES = [
    Line("a", range(4), [1.0, 2.0, None, 4.0], 0),
    Line("b", range(4), [0.0, 0.0, 0.0, 8.0], 1, dashed=True, dots=True),
]
TIMES = {0: "January", 1: "February", 3: "April"}


def plot(show: Show, lines: list[Line] = LINES) -> SeriesPlot:
    found = SeriesPlot("Temperature")
    found.set_lines(lines, [Band(0, 2, "Training", 0)], TIMES)
    show(found, 500, 300)
    return found


def test_the_legend_tells_the_values_under_the_crosshair(show: Show) -> None:
    shown = plot(show)
    QTest.mouseMove(shown.field, QPoint(200, 100))
    shown.field.point(1)
    assert shown.legend.text() == "a 2.000   b 0"
    assert shown.place.text().startswith("February   a 2.000")
    shown.field.point(2)
    assert shown.place.text().startswith("row 3")
    assert "a" not in shown.place.text().split("   ")[1]
    shown.field.point(None)
    assert shown.legend.text() == "a   b"


def test_arrow_keys_move_the_crosshair_and_gaps_draw(show: Show) -> None:
    shown = plot(show)
    shown.field.point(2)
    QTest.keyClick(shown.field, Qt.Key.Key_Right)
    assert not shown.grab().isNull()
    assert shown.field.accessibleDescription().startswith("April")


def test_lines_of_one_name_are_hidden_together(show: Show) -> None:
    shown = plot(show, [Line("a", range(2), [0, 1], 0), Line("a", range(2), [1, 2], 0), Line("b", range(2), [1, 1], 1)])
    shown.legend._entries["a"].click()
    assert [line.name for line in shown.field._lines] == ["b"]
    shown.field.point(1)
    assert shown.legend.text() == "a   b 1.000"


def test_an_empty_plot_and_a_flat_line_can_be_drawn(show: Show) -> None:
    shown = plot(show, [])
    shown.set_lines([Line("a", range(3), [2, 2, 2], 0)], from_zero=True)
    assert not shown.grab().isNull()
    shown.set_lines([Line("a", [0], [None], 0)])
    assert not shown.grab().isNull()


def test_points_are_exported(show: Show, tmp_path: Path) -> None:
    shown = plot(show)
    shown.export(str(tmp_path / "points.csv"))
    lines = (tmp_path / "points.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "line,row,time,value"
    assert "February" in lines[2]
    assert lines[3].endswith(",")
