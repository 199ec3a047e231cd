"""What the pages show of tables: rows and columns, a form to try a model, and predictions beside the truth."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, first
from workbench.gui.pages.previews import preview_for
from workbench.gui.pages.previews.table import TablePreview
from workbench.gui.pages.trying import panel_for
from workbench.gui.pages.trying.number import NumberResult
from workbench.gui.pages.trying.predicting import PredictPanel
from workbench.gui.pages.trying.row_input import RowInput
from workbench.gui.plots.truth_plot import TruthPlot

Show = Callable[..., Any]


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    plain = {"present": 9, "missing": 1, "distinct": 3, "mean": 2.0, "minimum": 1.0, "maximum": 3.0, "offset": 0.0}
    return {"name": name, "kind": kind, "categories": [], "reason": None, **plain, **more}


FACTS = {
    "targets": ["price"],
    "features": [column("size", "numeric"), column("colour", "categorical", categories=["red", "blue"])],
    "left_out": [column("id", "left_out", reason={"template": "It only counts the rows.", "values": {}})],
}
SUMMARY = {
    "splits": {"training": {"count": 2}, "validation": {"count": 0}, "test": {"count": 0}},
    "facts": FACTS,
    "classes": [],
}
ROWS = {
    "rows": [
        {"name": "a.csv:2", "label": "10", "text": "", "row": 0, "cells": {"size": 1.5, "colour": "red"}},
        {"name": "a.csv:3", "label": "20", "text": "", "row": 1, "cells": {"size": None, "colour": "blue"}},
    ],
    "total": 2,
}
DESCRIPTION = {
    "task": "regression",
    "goal": {"names": ["price"]},
    "inputs": {"kind": "table", "shape": [3], "vocabulary": 0},
    "metrics": {"validation_mae": 4.5},
    "preprocessing": {
        "kind": "table",
        "columns": [
            {
                "kind": "numeric", "name": "size", "offset": 0.0, "fill": 2.0, "mean": 2.0, "std": 1.0, "minimum": 1.0,
                "maximum": 3.0, "whole": False, "indicator": True,
            },
            {"kind": "categorical", "name": "colour", "categories": ["red", "blue"], "width": 2},
        ],
    },
}  # fmt: skip
PREDICTION = {"input": "Row", "value": 12.25, "values": {"price": 12.25}, "seconds": 0.002, "notes": [], "error": None}
EVALUATION = {
    "split": "test",
    "splits": {"test": {"residuals": [{"name": "price", "pairs": [[10.0, 12.0], [20.0, 18.0], [30.0, 31.0]]}]}},
}


def cells(widget: Any) -> list[list[str]]:
    model = widget.model()
    return [
        [str(model.index(row, place).data()) for place in range(model.columnCount())] for row in range(model.rowCount())
    ]


def test_a_table_is_shown_by_rows_with_its_target_first_and_by_columns(show: Show, qtbot: QtBot) -> None:
    preview: Any = preview_for("table", "regression")(Canned({"data.rows": ROWS}))
    assert isinstance(preview, TablePreview)
    preview.set_data({"kind": "table"}, SUMMARY)
    show(preview, 800, 400)
    qtbot.waitUntil(lambda: preview.rows.table.model().rowCount() == 2)
    assert cells(preview.rows.table) == [["10", "1.500", "red", "a.csv:2"], ["20", "–", "blue", "a.csv:3"]]
    sides = [preview.rows.table.model().index(0, place).data(Qt.ItemDataRole.TextAlignmentRole) for place in range(4)]
    assert [bool(side) for side in sides] == [True, True, False, False], "numbers right, texts left"
    assert preview.tiles(SUMMARY) == [("Rows", "2"), ("Columns", "2")]
    preview._view.set_value("columns")
    preview._view.chosen.emit("columns")
    assert preview.columns.isVisible()
    assert cells(preview.columns) == [
        ["size", "Number", "1.000 to 3.000, on average 2.000", "10.0 %"],
        ["colour", "Category", "3: red, blue", "10.0 %"],
        ["id", "Left out", "It only counts the rows.", "10.0 %"],
    ]


@pytest.fixture
def panel(show: Show, qtbot: QtBot) -> PredictPanel:
    engine = Canned({"prediction.predict": {"predictions": [PREDICTION]}, "evaluation.kept": EVALUATION})
    panel: Any = panel_for("regression", "table")(engine)
    show(panel, 500, 400)
    for part in (panel.result, panel.act, *panel.chips):  # which the page would own
        qtbot.addWidget(part)
    panel.result.show()
    panel.set_run("/runs/a", DESCRIPTION)
    return panel


def test_a_form_is_made_of_the_columns_and_what_is_filled_in_is_asked(panel: PredictPanel, qtbot: QtBot) -> None:
    form: Any = panel.input
    assert isinstance(form, RowInput)
    size, colour = form.fields["size"], form.fields["colour"]
    assert isinstance(size, QLineEdit)
    assert isinstance(colour, QComboBox)
    assert (size.placeholderText(), size.accessibleName()) == ("2", "size")
    size.setText("1.75")
    colour.setCurrentIndex(colour.findData("blue"))
    with qtbot.waitSignal(form.given) as given:
        click(form.act)
    assert first(given) == {"row": {"size": "1.75", "colour": "blue"}}
    result: Any = panel.result
    assert isinstance(result, NumberResult)
    qtbot.waitUntil(lambda: result.label.text() == "12.25")
    assert result.score.text() == "price · usually off by 4.50 · 2.0 ms"


def test_a_sample_fills_the_form_and_tells_the_truth(panel: PredictPanel, qtbot: QtBot) -> None:
    panel.take_sample({"name": "a.csv:2", "label": "11", "row": {"size": 1.5, "colour": None}})
    form: Any = panel.input
    assert form.row() == {"size": "1.5"}
    result: Any = panel.result
    qtbot.waitUntil(lambda: result.truth.text() == "It is 11")
    qtbot.waitUntil(result.plot.isVisible)
    refused: list[str] = []
    panel.refused.connect(refused.append)
    panel.take_text("hello")
    assert refused == ["This model reads rows of a table, not texts."]
    form.chips[0].click()
    assert form.row() == {}


def test_a_point_of_the_plot_says_what_it_is(show: Show, tmp_path: Any) -> None:
    plot: Any = show(TruthPlot(), 400, 300)
    plot.set_pairs([[10.0, 12.0], [20.0, 18.0]])
    place = plot.field._places(plot.field._area())[1]
    move(plot.field, QPoint(round(place[0]), round(place[1])))
    assert plot.words.text() == "True 20.00, predicted 18.00"
    move(plot.field, QPoint(1, 1))
    assert plot.words.text() == "Across the true value, up what the model says."
    plot.save(tmp_path / "pairs.csv")
    assert (tmp_path / "pairs.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "truth,prediction",
        "10.0,12.0",
        "20.0,18.0",
    ]


def click(button: Any) -> None:
    button.click()


def move(widget: QWidget, place: QPoint) -> None:
    none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    point = QPointF(place)
    QApplication.sendEvent(
        widget, QMouseEvent(QMouseEvent.Type.MouseMove, point, widget.mapToGlobal(point), none, none, keys)
    )
