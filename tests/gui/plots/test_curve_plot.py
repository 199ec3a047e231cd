import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from workbench.core.errors import UserError
from workbench.gui import theme
from workbench.gui.plots.curve_plot import CurvePlot
from workbench.gui.plots.learning_rate_plot import LearningRatePlot
from workbench.gui.plots.loss_plot import LossPlot
from workbench.gui.plots.metric_plot import MetricPlot
from workbench.gui.plots.throughput_plot import ThroughputPlot

Show = Callable[..., Any]


def loss_plot(show: Show) -> Any:
    plot = show(LossPlot(), 700, 320)
    steps = np.arange(1000)
    plot.set_training(steps, 0.2 + np.exp(-steps / 200))
    plot.set_validation([250, 500, 750, 1000], [0.6, 0.4, 0.3, 0.31])
    plot.flush()
    return plot


def drawn(plot: CurvePlot, name: str) -> Any:
    return plot._curves[name].line.outline()


def test_the_legend_shows_the_current_values(show: Show) -> None:
    plot = loss_plot(show)
    assert "Training 0.20" in plot.legend.text()
    assert "Validation 0.310" in plot.legend.text()


def test_points_arrive_in_one_redraw_a_batch(show: Show, qtbot: QtBot) -> None:
    plot, draws = loss_plot(show), []
    plot._redraws.timer.timeout.connect(lambda: draws.append(1))
    for step in range(1000, 1100):
        plot.append_training([step], [0.1])
    qtbot.waitUntil(lambda: bool(draws))
    assert len(draws) == 1
    assert plot.points("training")[0][-1] == 1099
    assert drawn(plot, "training")[0][-1] == 1099


def test_raw_points_stay_under_the_smoothed_line(show: Show) -> None:
    plot = show(LossPlot(), 700, 320)
    steps = np.arange(2000)
    values = np.random.default_rng(0).normal(size=2000)
    plot.set_training(steps, values)
    plot.set_smoothing(0.9)
    plot.flush()
    raw, line = plot._curves["training"].raw.outline()[1], drawn(plot, "training")[1]
    assert np.ptp(raw) == pytest.approx(np.ptp(values))
    assert np.ptp(line) < np.ptp(values) / 3
    plot.set_smoothing(0)
    plot.flush()
    assert np.ptp(drawn(plot, "training")[1]) == pytest.approx(np.ptp(values))


def test_validation_is_dashed_with_points(show: Show) -> None:
    plot = loss_plot(show)
    curve = plot._curves["validation"]
    assert curve.line.pen.style() == Qt.PenStyle.CustomDashLine
    assert len(curve.dots.data) == 4


def test_the_crosshair_reads_in_full_precision(show: Show) -> None:
    plot = loss_plot(show)
    plot.canvas._moved(plot.canvas.box.mapViewToScene(QPointF(500, 0.5)))
    assert f"Training {0.2 + np.exp(-500 / 200):.7g}" in plot.legend.text()
    assert plot._where.text() == "Step 500"
    plot.canvas.point(None)
    assert plot._where.text() == ""
    assert "Validation 0.310" in plot.legend.text()


def test_the_arrow_keys_move_the_crosshair_and_escape_takes_it_away(show: Show, qtbot: QtBot) -> None:
    plot = loss_plot(show)
    plot.canvas.setFocus()
    for _ in range(8):
        qtbot.keyClick(plot.canvas, Qt.Key.Key_Left)
    assert plot._where.text().startswith("Step 9")
    assert "Step 9" in plot.canvas.accessibleDescription()
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Escape)
    assert plot._where.text() == ""


def test_a_log_scale_leaves_out_what_has_no_logarithm(show: Show) -> None:
    plot = show(LossPlot(), 600, 300)
    plot.set_training([0, 1, 2, 3], [1.0, 0.0, -1.0, 100.0])
    plot.set_smoothing(0)
    plot.set_log(True)
    plot.flush()
    values = drawn(plot, "training")[1]
    assert values[[0, 3]] == pytest.approx([0, 2])
    assert np.isnan(values[1:3]).all()
    assert plot.canvas.left_axis.tickStrings([0, 1, 2], 1, 1) == ["1", "10", "100"]


def test_zoom_is_kept_while_points_arrive_until_it_is_reset(show: Show) -> None:
    plot = loss_plot(show)
    plot.canvas.box.setXRange(100, 200, padding=0)
    plot.canvas.box.zoomed.emit(False)
    plot.append_training(np.arange(1000, 2000), np.full(1000, 0.2))
    plot.flush()
    assert plot.canvas.box.viewRange()[0] == pytest.approx([100, 200])
    assert drawn(plot, "training")[0].max() <= 202
    plot.canvas.box.reset.emit()
    plot.flush()
    assert plot.canvas.box.viewRange()[0][1] > 1999


def test_values_that_are_not_finite_are_marked_and_break_nothing(show: Show) -> None:
    plot = show(LossPlot(), 600, 300)
    plot.set_training([0, 1, 2, 3], [1.0, np.nan, np.inf, 2.0])
    for log in (False, True):
        plot.set_log(log)
        plot.flush()
        plot.grab()
    assert plot._curves["training"].wrong.getData()[0].tolist() == [1, 2]
    assert np.isfinite(plot.canvas.box.viewRange()).all()
    plot.set_training([0, 1], [np.nan, np.nan])
    plot.flush()
    assert "Training NaN" in plot.legend.text()


def test_a_click_in_the_legend_hides_a_series(show: Show, qtbot: QtBot) -> None:
    plot = loss_plot(show)
    qtbot.mouseClick(plot.legend._entries["training"], Qt.MouseButton.LeftButton)
    plot.flush()
    assert len(drawn(plot, "training")[0]) == 0
    assert plot.canvas.box.viewRange()[1][1] < 0.7


def test_the_best_value_is_marked(show: Show) -> None:
    plot = loss_plot(show)
    plot.mark_best(750, 0.3)
    assert plot.markers.best() == (750, "best 0.300")
    plot.mark_best(None)
    assert plot.markers.best() is None


def test_many_runs_are_told_apart_by_colour_then_by_style(show: Show) -> None:
    plot = show(CurvePlot("Loss"), 600, 300)
    for number in range(12):
        plot.set_series(f"run {number}", [0, 1], [0, number], color=number)
    pens = [curve.line.pen for curve in plot._curves.values()]
    assert len({(pen.color().name(), pen.style()) for pen in pens}) == 12
    plot.remove("run 3")
    assert "run 3" not in plot.names()


def test_the_theme_reaches_every_line(show: Show) -> None:
    plot = loss_plot(show)
    theme.current().choose("dark")
    plot.flush()
    assert plot._curves["training"].line.pen.color() == theme.current().series(0)
    assert plot.canvas.backgroundBrush().color() == theme.current().color("surface")


def test_the_plot_is_saved_as_png_svg_and_csv(show: Show, tmp_path: Path) -> None:
    plot = loss_plot(show)
    plot.append_validation([1250], [0.123456789])
    for suffix in ("png", "svg", "csv"):
        plot.save(tmp_path / f"loss.{suffix}")
    image = QImage(str(tmp_path / "loss.png"))
    assert image.width() == 2 * plot.width()
    assert "<path" in (tmp_path / "loss.svg").read_text(encoding="utf-8")
    with (tmp_path / "loss.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1005
    assert rows[-1] == {"series": "Validation", "step": "1250", "value": "0.123456789"}


@pytest.mark.parametrize("suffix", ["png", "svg", "csv"])
def test_an_export_that_fails_says_so(show: Show, qtbot: QtBot, tmp_path: Path, suffix: str) -> None:
    plot = loss_plot(show)
    with qtbot.waitSignal(plot.failed) as failed:
        plot.header.export_wanted.emit(str(tmp_path / "nowhere" / f"loss.{suffix}"))
    assert isinstance((failed.args or [None])[0], UserError)
    assert "could not be written" in str((failed.args or [None])[0])


def test_an_empty_plot_says_that_there_are_no_points(show: Show) -> None:
    plot = show(LossPlot())
    plot.flush()
    assert plot._nothing.isVisible()
    plot.append_training([1], [1.0])
    plot.flush()
    assert not plot._nothing.isVisible()
    assert len(plot._curves["training"].dots.data) == 1


def test_accuracy_is_written_in_percent(show: Show) -> None:
    plot = show(MetricPlot("Accuracy"), 400, 250)
    plot.set_training([1, 2], [0.9, 0.938])
    plot.flush()
    assert "Training 93.8 %" in plot.legend.text()
    assert plot.canvas.left_axis.tickStrings([0.85, 0.9], 1, 0.05) == ["85 %", "90 %"]
    plot.set_series("test", [1, 2], [0.2, 1.0])
    plot.flush()
    ticks = plot.canvas.left_axis.tickValues(0.0, 1.2, 400)
    assert max(value for _, values in ticks for value in values) == 1.0


def test_the_learning_rate_is_that_of_the_step_reached(show: Show) -> None:
    plot = show(LearningRatePlot(), 400, 250)
    plot.set_rates(np.arange(100), np.linspace(0.001, 0, 100), "Cosine")
    plot.set_now(50)
    plot.flush()
    assert "Cosine 0.000495" in plot.legend.text()


def test_throughput_shows_speed_and_memory(show: Show) -> None:
    plot = show(ThroughputPlot(), 400, 400)
    plot.append_speed([1, 2], [12000, 12480])
    plot.append_memory([1, 2], [1.1, 1.2])
    plot.speed.flush()
    plot.memory.flush()
    assert "12,480 samples/s" in plot.speed.legend.text()
    assert "1.2 GB" in plot.memory.legend.text()
    plot.clear()
    assert plot.speed.names() == []


def test_chips_set_smoothing_and_scale(show: Show, qtbot: QtBot) -> None:
    plot = loss_plot(show)
    chips = {chip.text(): chip for chip in plot.header.findChildren(QPushButton)}
    assert set(chips) == {"Smooth 0.6", "Log", "Export"}
    qtbot.mouseClick(chips["Log"], Qt.MouseButton.LeftButton)
    assert plot.canvas.left_axis.logarithmic
    plot.set_smoothing(0.85)
    assert chips["Smooth 0.6"].text() == "Smooth 0.85"


def test_a_million_points_are_drawn_as_few(show: Show) -> None:
    plot = show(LossPlot(), 800, 300)
    plot.set_training(np.arange(1_000_000), np.random.default_rng(0).normal(size=1_000_000))
    plot.flush()
    began = time.perf_counter()
    plot.append_training([1_000_000], [0.0])
    plot.flush()
    assert time.perf_counter() - began < 0.5  # 0.02 s on an idle machine
    assert len(plot._curves["training"].raw.outline()[0]) < 5000


def test_nothing_is_written_between_whole_steps(show: Show) -> None:
    plot = show(CurvePlot("Metric"))
    plot.set_series("a", [1.0, 2.0], [0.1, 0.2])
    plot.flush()
    ticks = plot.canvas.bottom_axis.tickValues(0.4, 2.6, 400)
    assert [value for _, values in ticks[:1] for value in values] == [1.0, 2.0]
