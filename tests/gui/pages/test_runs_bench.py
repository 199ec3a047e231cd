"""Runs held against each other: the table, the points and the samples on which they differ."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, pixels
from tests.gui.pages.test_runs_page import CATALOGUE, full, run
from workbench.core.errors import UserError
from workbench.gui.pages.runs import RunsPage
from workbench.gui.pages.runs_bench import RunsBench
from workbench.gui.plots.bench_scatter import AXES
from workbench.gui.run_list import RunList
from workbench.gui.runs_desk import RunsDesk
from workbench.gui.widgets.banner import Banner

Show = Callable[..., Any]


def row(name: str, accuracy: float, size: int, seconds: float) -> dict[str, Any]:
    return {
        "run": f"/runs/{name}", "name": name, "made_of": "", "number_format": "float32", "pruned": 0.0,
        "architecture": "mlp", "parameters": 1000, "nonzero": 700, "size": size, "packed": size // 2, "threads": 1,
        "metrics": {"loss": 0.4, "accuracy": accuracy}, "p50": seconds, "p99": 2 * seconds, "calls": 100,
        "throughput": 1 / seconds, "batch": 64,
    }  # fmt: skip


def sample(number: int, **more: Any) -> dict[str, Any]:
    answers = [{"label": "boot", "score": 0.75}, {"label": "shirt", "score": 0.5}]
    return {"row": number, "name": f"sample {number}", "truth": "boot", "answers": answers, **more}


def found(**changed: Any) -> dict[str, Any]:
    rows = [row("large", 0.91, 40_000, 0.002), row("small", 0.90, 10_000, 0.001)]
    pictures = [sample(number, picture=pixels(np.full((4, 4, 1), 50 * number, np.uint8))) for number in range(3)]
    return {
        "split": "test", "count": 2000, "task": "classification", "device": "cpu", "rows": rows, "disagreeing": 3,
        "disagreements": pictures, **changed,
    }  # fmt: skip


@pytest.fixture
def bench(show: Show) -> RunsBench:
    bench = RunsBench()
    bench.set_metrics(CATALOGUE["metrics"])
    show(bench, 1000, 700)
    return bench


def cells(bench: RunsBench) -> list[list[str]]:
    model = bench.table.model()
    return [
        [model.index(line, place).data() for place in range(model.columnCount())] for line in range(model.rowCount())
    ]


def test_figures_stand_in_the_table(bench: RunsBench):
    bench.show_nothing()
    bench.show_progress("Measuring large", 0.5, "3 s left")
    assert bench.progress.isVisible()
    assert not bench.table.isVisible()
    bench.show_result(found())
    assert not bench.progress.isVisible()
    assert cells(bench) == [
        ["1", "large", "91.00 %", "40 kB", "20 kB", "1,000", "700", "2.00 ms", "4.00 ms", "500"],
        ["2", "small", "90.00 %", "10 kB", "5.0 kB", "1,000", "700", "1.00 ms", "2.00 ms", "1,000"],
    ]


def test_what_lies_across_can_be_chosen(bench: RunsBench, tmp_path: Path, qtbot: QtBot):
    bench.show_result(found())
    field = bench.scatter.field
    for axis, smaller in (("p50", 1), ("size", 1), ("throughput", 0), ("packed", 1)):
        bench.scatter.axis.setValue(axis)
        places = [field.place_of(number) for number in (0, 1)]
        assert places[0].y() < places[1].y(), "the better one lies higher"
        assert places[smaller].x() < places[1 - smaller].x()
    with qtbot.waitSignal(field.pointed):
        qtbot.mouseMove(field, field.place_of(1).toPoint())
    assert bench.scatter.words.text() == "2  small  ·  90.00 %  ·  5.00"
    bench.scatter.save(tmp_path / "bench.csv")
    lines = (tmp_path / "bench.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == ",".join(["name", "accuracy", *(axis.key for axis in AXES)])
    assert lines[1].startswith("large,0.91,0.002,0.004,")


def test_pictures_on_which_they_differ_say_what_each_says(bench: RunsBench):
    bench.show_result(found())
    assert bench.kinds.currentIndex() == 1
    bench.grid.set_current(2)
    assert bench.answers.text() == "sample 2 is boot.  1: boot (75.0 %)   2: shirt (50.0 %)"


def test_other_samples_are_a_list(bench: RunsBench):
    bench.show_result(found(disagreements=[sample(0, text="A fine film")]))
    model = bench.list.model()
    assert [model.index(0, place).data() for place in range(4)] == ["A fine film", "boot", "boot", "shirt"]
    bench.show_result(found(disagreeing=0, disagreements=[]))
    assert bench.none.text() == "They say the same of every sample."
    bench.show_result(found(disagreeing=None, disagreements=[]))
    assert "cannot be held against each other" in bench.none.text()


def test_a_comparison_goes_on_where_another_page_takes_over(show: Show, tmp_path: Path):
    def desk_of(engine: Canned) -> RunsDesk:
        page = RunsPage()
        desk = RunsDesk(page, RunList(tmp_path), engine)
        page.set_catalogue(CATALOGUE)
        return show(page, 1000, 700) and desk

    engine = Canned({"comparing.compare": found()})
    engine.held.add("comparing.compare")
    first = desk_of(engine)
    first.bench(["/x", "/y"])
    first.stop()
    second = desk_of(engine)
    second.take_over(first)
    assert engine.jobs[-1].arguments == {"runs": ["/x", "/y"]}
    engine.jobs[-1].answered.emit(found())
    third = desk_of(engine)
    third.take_over(second)
    assert len(engine.jobs) == 2
    assert third.page.is_benching()
    assert len(cells(third.page.bench)) == 2


def test_every_column_and_run_has_room_in_a_small_window(show: Show):
    bench = RunsBench()
    bench.set_metrics(CATALOGUE["metrics"])
    show(bench, 772, 560)
    bench.show_result(found(rows=[row(name, 0.9, 40_000, 0.002) for name in ("first", "second", "third")]))
    QCoreApplication.processEvents()
    assert not bench.table.horizontalScrollBar().maximum()
    assert not bench.table.verticalScrollBar().maximum()


def test_the_page_asks_for_it_and_goes_back(show: Show, qtbot: QtBot, tmp_path: Path):
    engine = Canned({"comparing.compare": found()})
    engine.held.add("comparing.compare")
    page = RunsPage()
    runs = RunList(tmp_path)
    desk = RunsDesk(page, runs, engine)
    page.set_catalogue(CATALOGUE)
    show(page, 1000, 700)
    page.set_runs([run("a"), run("b"), run("c", has_model=False)])
    page.choose([full("a")])
    assert not page.acts["bench"].isEnabled()
    page.choose([full("a"), full("c")])
    assert not page.acts["bench"].isEnabled()
    page.table.blockSignals(True)  # their folders are not there, so that there are no curves to read
    page.choose([full("a"), full("b")])
    page._rest()
    page.acts["bench"].trigger()
    assert engine.jobs[-1].arguments == {"runs": [str(tmp_path / full(name)) for name in ("b", "a")]}, (
        "the oldest first"
    )
    assert page.stack.currentIndex() == 2
    engine.jobs[-1].answered.emit(found())
    assert page.bench.table.isVisible()
    page.bench.back.click()
    assert page.stack.currentIndex() == 1
    desk.bench(["/x", "/y"])
    page.bench.progress.cancel.click()
    assert engine.jobs[-1].is_cancelled
    desk.bench(["/x", "/y"])
    engine.jobs[-1].failed.emit(UserError("They are too different."))
    assert page.stack.currentIndex() == 1
    assert [banner.text for banner in page.findChildren(Banner)] == ["They are too different."]
