"""The Runs page on its own: rows in, signals out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.signals import carried
from workbench.core.run_reader import Batch
from workbench.core.run_summary import RunSummary
from workbench.core.words import use_language
from workbench.engine.settings import catalogue as real_catalogue
from workbench.gui.pages.runs import RunsPage
from workbench.gui.pages.runs_compare import differing

CATALOGUE = {
    "metrics": {
        "accuracy": {"title": "Accuracy", "percent": True},
        "perplexity": {"title": "Perplexity", "percent": False},
    },
    "architectures": {
        "mlp": {
            "title": "Multilayer",
            "schema": {"properties": {"hidden": {"type": "integer", "title": "Hidden units"}}},
            "presets": {},
        },
    },
    "optimizers": {
        "sgd": {
            "title": "SGD",
            "schema": {"properties": {"learning_rate": {"type": "number", "title": "Learning rate"}}},
        }
    },
    "schedules": {},
    "data": {},
    "training": {
        "schema": {
            "properties": {"epochs": {"type": "integer", "title": "Epochs"}, "optimizer": {"title": "Optimizer"}}
        }
    },
}


def run(name: str, **given: Any) -> dict[str, Any]:
    values = {
        "title": name, "state": "finished", "data": "digits", "architecture": "mlp", "metric": "validation_accuracy",
        "value": 0.9, "epoch": 3, "seconds": 12.0, "started": 1000.0, "has_model": True, **given,
    }  # fmt: skip
    return RunSummary(name=f"2026-01-01_000000_{name}_abcd", path=f"/runs/{name}", **values).to_plain()


def full(name: str) -> str:
    return f"2026-01-01_000000_{name}_abcd"


@pytest.fixture
def page(show: Callable[..., Any]) -> RunsPage:
    page = RunsPage()
    page.set_catalogue(CATALOGUE)
    page.set_runs(
        [run("a", value=0.7, started=3.0), run("b", value=None, started=2.0), run("c", value=0.9, started=1.0)]
    )
    return show(page, 1000, 700)


def column(page: RunsPage, key: str) -> int:
    return next(place for place, column in enumerate(page.table.runs.columns) if column.key == key)


def cells(page: RunsPage, key: str) -> list[str]:
    model = page.table.model()
    return [model.index(row, column(page, key)).data() for row in range(model.rowCount())]


def test_no_runs_lead_to_training(qtbot: QtBot, page: RunsPage):
    page.set_runs([])
    assert page.stack.currentWidget() is page.empty
    with qtbot.waitSignal(page.training_requested):
        page.empty.acted.emit()


def test_runs_are_listed_newest_first_and_sorted_by_value(page: RunsPage):
    assert cells(page, "shown") == ["a", "b", "c"]
    assert cells(page, "score") == ["70.0 %", "–", "90.0 %"]
    assert cells(page, "model") == ["Multilayer"] * 3
    page.table.sortByColumn(column(page, "score"), Qt.SortOrder.DescendingOrder)
    assert cells(page, "shown") == ["c", "a", "b"]
    page.table.sortByColumn(column(page, "score"), Qt.SortOrder.AscendingOrder)
    assert cells(page, "shown") == ["a", "c", "b"]


def test_a_run_is_renamed_in_place(qtbot: QtBot, page: RunsPage):
    index = page.table.model().index(0, column(page, "shown"))
    assert page.table.model().flags(index) & Qt.ItemFlag.ItemIsEditable
    with qtbot.waitSignal(page.noted) as waiter:
        page.table.model().setData(index, "  better name ")
    assert waiter.args == [full("a"), {"name": "better name"}]
    assert not page.table.model().flags(index.siblingAtColumn(0)) & Qt.ItemFlag.ItemIsEditable


def test_a_refresh_keeps_what_is_selected(page: RunsPage):
    page.choose([full("a"), full("c")])
    page.set_runs([run("new", started=9.0), run("a", state="running", started=3.0), run("c", started=1.0)])
    assert [row["name"] for row in page.chosen()] == [full("a"), full("c")]
    page.set_runs([run("new", started=9.0), run("a", state="failed", started=3.0), run("c", started=1.0)])
    assert [row["state"] for row in page.chosen()] == ["failed", "finished"]


def test_search_asks_and_shows_what_was_found(qtbot: QtBot, page: RunsPage):
    with qtbot.waitSignal(page.searched) as waiter:
        page.search.setText("mlp")
    assert waiter.args == ["mlp"]
    page.show_found({full("b")})
    assert cells(page, "shown") == ["b"]
    page.show_found(None)
    assert len(cells(page, "shown")) == 3


def test_what_can_be_done_depends_on_the_selection(page: RunsPage):
    def allowed() -> set[str]:
        return {name for name, action in page.acts.items() if action.isEnabled()}

    assert allowed() == set()
    assert not page.try_it.isEnabled()
    page.choose([full("a")])
    assert allowed() == {"show", "recipe", "fork", "verify", "rename", "reveal", "delete"}
    assert page.try_it.isEnabled()
    assert page.acts["bench"].toolTip() == "Select at least two runs that have a model."
    page.choose([full("a"), full("b")])
    assert allowed() == {"bench", "delete"}
    assert page.menu.toolTipsVisible()
    page.set_runs([run("a", state="running"), run("b", state="interrupted", has_model=False)])
    page.choose([full("a")])
    assert "delete" not in allowed()
    page.choose([full("b")])
    assert "resume" in allowed()
    assert not page.try_it.isEnabled()


@pytest.mark.parametrize(
    ("act", "signal", "expected"),
    [
        ("show", "shown_on_train", [full("a")]),
        ("recipe", "recipe_requested", [full("a")]),
        ("delete", "deleted", [[full("a")]]),
        ("fork", "forked", [full("a")]),
        ("verify", "verified", [full("a")]),
    ],
)
def test_actions_carry_the_runs_name(act: str, signal: str, expected: list[Any], qtbot: QtBot, page: RunsPage):
    page.choose([full("a")])
    with qtbot.waitSignal(getattr(page, signal)) as waiter:
        page.acts[act].trigger()
    assert waiter.args == expected


def test_tags_and_note_are_told_when_left(qtbot: QtBot, page: RunsPage):
    page.choose([full("a")])
    page.notes.tags.setText("good, baseline，更好 ,")
    with qtbot.waitSignal(page.noted) as waiter:
        page.notes.tags.editingFinished.emit()
    assert waiter.args == [full("a"), {"tags": ["good", "baseline", "更好"]}]
    page.notes.note.setPlainText("remember this")
    with qtbot.waitSignal(page.noted) as waiter:
        page.choose([full("b")])
    assert waiter.args == [full("a"), {"note": "remember this"}]
    assert page.notes.note.toPlainText() == ""


def history(*values: float) -> Batch:
    steps = np.arange(1, len(values) + 1)
    series = (steps, np.array(values, np.float32))
    return Batch((), {"training_loss": series, "validation_loss": series, "validation_accuracy": series})


def test_a_run_without_a_model_is_left_out_of_a_comparison_on_the_test_split(qtbot: QtBot, page: RunsPage):
    page.set_runs([run("a"), run("b"), run("bad", state="failed", has_model=False)])
    page.choose([full("a"), full("b"), full("bad")])
    with qtbot.waitSignal(page.bench_wanted) as waiter:
        page.acts["bench"].trigger()
    assert sorted(carried(waiter)) == [full("a"), full("b")]


def test_selected_runs_are_drawn_over_each_other_with_what_differs(qtbot: QtBot, page: RunsPage):
    with qtbot.waitSignal(page.compare_wanted) as waiter:
        page.choose([full("a"), full("c")])
    assert waiter.args == [[full("a"), full("c")]]
    recipe = {
        "training": {"epochs": 3, "optimizer": {"kind": "sgd", "learning_rate": 0.1}},
        "architecture": {"kind": "mlp"},
    }
    other = {
        "training": {"epochs": 3, "optimizer": {"kind": "sgd", "learning_rate": 0.2}},
        "architecture": {"kind": "mlp"},
    }
    page.show_comparison({full("a"): history(2, 1), full("c"): history(3, 1)}, {full("a"): recipe, full("c"): other})
    assert page.compare.loss_plot.names() == [
        full("a"),
        f"{full('a')} validation",
        full("c"),
        f"{full('c')} validation",
    ]
    assert page.compare.metric_plot.names() == [f"{full('a')} validation", f"{full('c')} validation"]
    model = page.compare.differences.model()
    line = [model.index(0, place).data() for place in range(model.columnCount())]
    assert line == ["Learning rate", "0.1", "0.2"]
    assert model.rowCount() == 1


def test_metrics_that_are_no_shares_are_plain_numbers_and_others_have_no_place_beside_them(page: RunsPage):
    rows = [run("a", metric="validation_perplexity"), run("b", metric="validation_perplexity"), run("c")]
    page.set_runs(rows)
    page.choose([full("a"), full("b"), full("c")])
    steps = np.arange(1, 3)
    written = Batch((), {"validation_perplexity": (steps, np.array([400, 386], np.float32))})
    histories = {full("a"): written, full("b"): written, full("c"): history(2, 1)}
    page.show_comparison(histories, {full(name): {} for name in "abc"})
    plot = page.compare.metric_plot
    assert plot.names() == [f"{full('a')} validation", f"{full('b')} validation"]
    assert plot.header.title() == "Perplexity, of 2 of 3 runs"
    plot.flush()
    assert "386" in plot.canvas.accessibleDescription()
    assert "%" not in plot.canvas.accessibleDescription()
    page.choose([full("c")])
    page.show_comparison({full("c"): history(0.5, 0.25)}, {full("c"): {}})
    assert plot.header.title() == "Accuracy"
    plot.flush()
    assert "25" in plot.canvas.accessibleDescription()
    assert "%" in plot.canvas.accessibleDescription()


def test_one_run_has_curves_but_nothing_to_differ_from(page: RunsPage):
    page.choose([full("a")])
    page.show_comparison({full("a"): history(2, 1)}, {full("a"): {}})
    assert page.compare.isVisible()
    assert not page.compare.card.isVisible()
    assert page.notes.isVisible()


def test_values_that_differ_are_written_as_the_form_shows_them(page: RunsPage):
    use_language("zh_CN")
    page.set_catalogue(real_catalogue())
    page.choose([full("a"), full("c")])
    recipe = {
        "data": {"kind": "table", "task": "reconstruction", "masking": {"mail": True}},
        "training": {"batch_size": "all", "class_weights": "none", "optimizer": {"kind": "sgd"}},
        "architecture": {"kind": "convnet", "normalization": "group"},
    }
    other = {
        "data": {"kind": "table", "task": "classification", "masking": {"mail": False}},
        "training": {"batch_size": 8, "class_weights": "balanced", "optimizer": {"kind": "adam"}},
        "architecture": {"kind": "convnet", "normalization": "none"},
    }
    page.show_comparison({full("a"): history(2, 1), full("c"): history(3, 1)}, {full("a"): recipe, full("c"): other})
    model = page.compare.differences.model()
    lines = [[model.index(row, place).data() for place in range(3)] for row in range(model.rowCount())]
    assert lines == [
        ["任务", "重建", "分类"],
        ["邮箱地址", "开", "关"],
        ["批大小", "全部", "8"],
        ["类别权重", "无", "均衡"],
        ["优化器", "SGD", "Adam"],
        ["归一化", "组", "无"],
    ]


def test_settings_that_differ_are_found_whole():
    recipes = {"x": {"a": {"b": 1, "c": {"e": 0.1}}}, "y": {"a": {"b": 2, "c": {"e": 0.1}}, "d": True}}
    assert differing(recipes) == [{"setting": "a.b", "x": 1, "y": 2}, {"setting": "d", "y": True}]


def test_a_thousand_runs_are_shown_at_once(page: RunsPage):
    import time

    rows = [run(f"r{number:04}", started=float(number)) for number in range(1000)]
    began = time.perf_counter()
    page.set_runs(rows)
    assert time.perf_counter() - began < 1.5
    began = time.perf_counter()
    page.set_runs([{**row, "note": "x"} if row is rows[5] else row for row in rows])
    assert time.perf_counter() - began < 0.5
    assert Path(rows[0]["path"]).name == "r0000"
