"""What the pages show of series: previews, forecasts drawn onto them, and sequences to classify."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned
from workbench.core.errors import UserError
from workbench.gui.pages.previews import preview_for
from workbench.gui.pages.previews.series import SeriesPreview
from workbench.gui.pages.try_it import TryPage
from workbench.gui.pages.trying import panel_for
from workbench.gui.pages.trying.forecasting import ForecastPanel
from workbench.gui.pages.trying.predicting import PredictPanel
from workbench.gui.pages.trying.series_input import SeriesInput

Show = Callable[..., QWidget]
LONG = {
    "form": "long",
    "columns": ["a", "b"],
    "borders": [6, 8],
    "rows": 10,
    "places": list(range(10)),
    "values": {"a": [float(row) for row in range(10)], "b": [1.0] * 10},
    "times": [f"2020-{row + 1:02}" for row in range(10)],
}
LONG_SUMMARY = {
    "splits": {"training": {"count": 3}, "validation": {"count": 1}, "test": {"count": 1}},
    "facts": {"form": "long", "rows": 10, "window": 2, "horizon": 1},
    "classes": [],
}
LABELLED = {
    "form": "labelled",
    "columns": ["x"],
    "curves": [
        {"label": "up", "name": "1.csv", "values": [[0.0, 1.0]]},
        {"label": "down", "name": "2.csv", "values": [[1.0, None, 0.0]]},
    ],
}
LABELLED_SUMMARY = {
    "splits": {"training": {"count": 2}, "validation": {"count": 0}, "test": {"count": 0}},
    "facts": {"form": "labelled", "lengths": [2, 2, 3]},
    "classes": ["down", "up"],
}
DESCRIPTION = {
    "task": "forecasting",
    "inputs": {"kind": "series", "shape": [2, 1], "vocabulary": 0},
    "labels": [],
    "title": "rnn",
    "path_ok": True,
}
EVALUATION = {
    "split": "test",
    "splits": {
        "test": {
            "horizon": [
                {"name": "a", "steps": [{"step": step, "mae": 0.5, "rmse": 0.6, "naive": 1.5} for step in (1, 2)]}
            ],
            "forecasts": [
                {
                    "name": "a",
                    "step": 2,
                    "windows": ["May", "June"],
                    "truth": [1.0, 2.0],
                    "predicted": [1.5, 2.5],
                    "last": [0.0, 1.0],
                }
            ],
        }
    },
}


def preview(answer: dict[str, Any], summary: dict[str, Any], show: Show, qtbot: QtBot) -> SeriesPreview:
    found = preview_for("series", "forecasting")(Canned({"series.overview": answer}))
    assert isinstance(found, SeriesPreview)
    found.set_data({"kind": "series"}, summary)
    show(found, 700, 400)
    qtbot.waitUntil(lambda: bool(found.plot.field._lines))
    return found


def test_a_long_series_is_drawn_with_its_splits(show: Show, qtbot: QtBot) -> None:
    shown = preview(LONG, LONG_SUMMARY, show, qtbot)
    assert [(band.title, band.begin, band.end) for band in shown.plot.field._bands] == [
        ("Training", 0, 6),
        ("Validation", 6, 8),
        ("Test", 8, 9),
    ]
    assert shown.tiles(LONG_SUMMARY) == [("Rows", "10"), ("Window → horizon", "2 → 1"), ("Windows", "5")]
    shown._column.set_choices({0: "a", 1: "b"}, 1)
    shown._draw()
    assert list(shown.plot.field._lines[0].values) == [1.0] * 10


def test_sequences_are_drawn_by_class_under_the_names_that_classes_have_now(show: Show, qtbot: QtBot) -> None:
    shown = preview(LABELLED, LABELLED_SUMMARY, show, qtbot)
    assert shown.tiles(LABELLED_SUMMARY) == [("Sequences", "2"), ("Classes", "2"), ("Steps", "2–3")]
    shown.set_classes(["falls", "rises"])
    assert [line.name for line in shown.plot.field._lines] == ["rises", "falls"]


def forecast(asked: dict[str, Any]) -> dict[str, Any] | UserError:
    if "short" in asked.get("path", ""):
        return UserError("short.csv has 1 rows, but the model reads 2.", hint="Give a longer series.")
    of_file = "path" in asked
    return {
        "name": "new.csv" if of_file else f"window {asked['number']}",
        "number": -1 if of_file else asked["number"],
        "count": 0 if of_file else 5,
        "truth": {} if of_file else {"a": [3.0, 5.0]},
        "columns": ["a"],
        "before": {"a": [0.0, 1.0, 2.0]},
        "values": {"a": [4.0, 5.0]},
        "times": ["Jan", "Feb", "Mar", "Apr", "May"],
        "window": 2,
    }


def page_of(show: Show, qtbot: QtBot, kept: dict[str, Any] = EVALUATION) -> tuple[TryPage, ForecastPanel, Canned]:
    answers = {"prediction.describe": DESCRIPTION, "series.forecast": forecast, "evaluation.kept": kept}
    engine = Canned(answers)
    page = TryPage(engine, engine)
    show(page, 1000, 700)
    page.set_runs([{"path": "/runs/a", "title": "rnn", "epoch": 1, "score": "", "live": False, "step": 1}])
    qtbot.waitUntil(lambda: isinstance(page.panel, ForecastPanel) and bool(page.panel._found))
    assert isinstance(page.panel, ForecastPanel)
    return page, page.panel, engine


def test_a_forecast_is_drawn_onto_the_series_beside_the_truth(show: Show, qtbot: QtBot) -> None:
    _, panel, engine = page_of(show, qtbot)
    lines = {line.name: list(line.values) for line in panel.plot.field._lines}
    assert lines == {"So far": [0, 1, 2], "Truth": [2, 3, 5], "Forecast": [2, 4, 5]}
    assert [(band.begin, band.end) for band in panel.plot.field._bands] == [(1, 2)]
    assert panel.result.label.text() == "0.500"
    assert panel.result.score.text() == "mean error; the last value has 2.00"
    assert [row["step"] for row in panel.result.model._rows] == ["Apr", "May"]
    panel.slider.setValue(3)
    qtbot.waitUntil(lambda: panel._found["number"] == 3)
    assert panel.place.text() == "from window 3"
    assert engine.questions("series.forecast")[-1]["number"] == 3


def test_a_dropped_file_is_forecast_and_a_short_one_refused(show: Show, qtbot: QtBot) -> None:
    _, panel, _ = page_of(show, qtbot)
    panel.take(["/x/new.csv"])
    qtbot.waitUntil(lambda: panel._found["count"] == 0)
    assert [line.name for line in panel.plot.field._lines] == ["So far", "Forecast"]
    assert panel.result.label.text() == "2 steps"
    panel.take(["/x/short.csv"])
    qtbot.waitUntil(lambda: "1 rows" in panel.result.message.text())
    assert "Give a longer series." in panel.result.message.text()


def test_errors_by_step_are_shown_where_a_run_was_evaluated(show: Show, qtbot: QtBot) -> None:
    _, panel, _ = page_of(show, qtbot)
    qtbot.waitUntil(lambda: panel.view.isVisible())
    panel.view.set_choices(panel._views(), "errors")
    panel._choose_view()
    assert panel.errors.isVisible()
    assert not panel.plot.isVisible()
    assert [list(line.values) for line in panel.errors.by_step.field._lines] == [[0.5, 0.5], [1.5, 1.5]]
    assert [line.name for line in panel.errors.values.field._lines] == ["Truth", "Told 2 steps ahead", "The last value"]


def test_without_an_evaluation_there_is_no_choice_of_views(show: Show, qtbot: QtBot) -> None:
    _, panel, engine = page_of(show, qtbot, {"split": "validation", "splits": {}})
    qtbot.waitUntil(lambda: bool(engine.questions("evaluation.kept")))
    qtbot.wait(10)
    assert not panel.view.isVisible()


def test_a_sequence_to_classify_is_drawn(show: Show, qtbot: QtBot) -> None:
    prediction = {"input": "x", "label": "up", "score": 0.9, "top": [{"label": "up", "score": 0.9}], "error": None}
    read = {"values": {"x": [0.0, 1.0]}, "times": []}
    engine = Canned({"series.read": read, "prediction.predict": {"predictions": [prediction]}})
    panel = panel_for("classification", "series")(engine)
    assert isinstance(panel, PredictPanel)
    assert isinstance(panel.input, SeriesInput)
    show(panel, 600, 300)
    panel.set_run("/runs/a", {**DESCRIPTION, "task": "classification"})
    panel.take_file("/x/one.csv")
    shown = panel.input
    qtbot.waitUntil(lambda: bool(shown.plot.field._lines))
    qtbot.waitUntil(lambda: panel.result.label.text() == "up")
    assert engine.questions("prediction.predict")[0]["inputs"] == [{"path": "/x/one.csv"}]
    many: list[Any] = []
    panel.many_came.connect(many.append)
    panel.take_file("/x/all.npz")
    assert many == [["/x/all.npz"]]
    panel.result.deleteLater()
