from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage

from workbench.gui import theme
from workbench.gui.plots.columns import bars, columns_of, segments
from workbench.gui.plots.curve_plot import CurvePlot

Show = Callable[..., Any]
PLACES = st.lists(st.tuples(st.integers(0, 60), st.floats(0, 50)), min_size=1, max_size=200)


def shown(plot: CurvePlot, color: int = 0) -> np.ndarray:
    """Return which pixels of the plot have exactly the colour of a series, (height, width)."""
    image = plot.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    return (pixels & 0xFFFFFF) == (theme.current().series(color).rgb() & 0xFFFFFF)


@given(PLACES, st.integers(1, 3))
def test_bars_cover_each_column_and_nothing_else(places: list[tuple[int, float]], width: int) -> None:
    places.sort()
    x, y = np.array([place for place, _ in places], float), np.array([value for _, value in places])
    columns = columns_of(x, y, y)
    painted = np.zeros((80, 80), int)
    for left, top, across, down in (bars(columns, width) + np.array([0, 10, 0, 0])).astype(int):
        painted[top : top + down, left : left + across] += 1
    assert painted.max() == 1
    for column, top, bottom in zip(columns.x, columns.top, columns.bottom, strict=True):
        rows = np.flatnonzero(painted[:, int(column)]) - 10
        assert np.array_equal(rows, np.arange(rows[0], rows[-1] + 1))
        assert rows[0] <= top
        assert rows[-1] + 1 >= bottom
        assert len(rows) <= bottom - top + width + 2


def test_blocks_of_a_column_are_one_and_gaps_break_the_line() -> None:
    x, y = np.array([0.2, 0.7, 1.5, 2.5, 3.5]), np.array([1.0, 5.0, 3.0, np.nan, 4.0])
    columns = columns_of(x, y, y)
    assert columns.x.tolist() == [0, 1, 3]
    assert (columns.top[0], columns.bottom[0]) == (1, 5)
    assert len(segments(columns, 2, [], 9)) == 1
    assert columns.reaching().top.tolist() == [1, 3, 4]


def test_the_line_passes_at_the_foot_of_a_peak() -> None:
    columns = columns_of(np.arange(3.0), np.full(3, 9.0), np.array([9.0, 1.0, 9.0]))
    assert segments(columns, 2, [], 3)[:, [1, 3]].tolist() == [[9, 9], [9, 9]]


def test_of_a_block_one_end_may_have_no_logarithm() -> None:
    columns = columns_of(np.array([0.0]), np.array([np.nan]), np.array([7.0]))
    assert (columns.top[0], columns.bottom[0]) == (7, 7)


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_a_single_peak_among_a_million_points_is_seen(show: Show, noise: float) -> None:
    plot = show(CurvePlot("Loss"), 800, 400)
    values = np.random.default_rng(0).normal(size=1_000_000) * noise
    values[654_321] = 9.0
    plot.set_series("loss", np.arange(len(values)), values)
    plot.flush()
    top = plot.canvas.box.mapViewToScene(plot.canvas.box.viewRect().center()).y() / 2
    assert shown(plot)[: int(top)].any()


def test_what_is_added_is_drawn_as_if_all_were_drawn_anew(show: Show) -> None:
    random = np.random.default_rng(1)
    for noise in (0.02, 0.0):
        plot = show(CurvePlot("Loss"), 800, 400)
        plot.set_series(
            "loss", np.arange(100_000), np.sin(np.arange(100_000) / 9e3) + random.normal(size=100_000) * noise
        )
        plot.flush()
        plot.canvas.viewport().repaint()
        kept = plot._curves["loss"].line
        for start in range(100_000, 102_000, 100):
            plot.append("loss", np.arange(start, start + 100), np.sin(np.arange(start, start + 100) / 9e3))
            plot.flush()
        part = shown(plot)
        kept._noisy = None
        assert np.array_equal(part, shown(plot))


def test_a_smooth_dense_line_keeps_its_dashes(show: Show) -> None:
    plot = show(CurvePlot("Loss"), 800, 400)
    plot.set_series("loss", np.arange(100_000), np.zeros(100_000), color=5)
    plot.flush()
    row = shown(plot, 5).sum(axis=0) > 0
    assert 20 < np.count_nonzero(np.diff(row.astype(int))) < 400
