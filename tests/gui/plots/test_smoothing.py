import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.gui.plots.smoothing import decayed_sums, remembered, smoothed, warm_up


def one_by_one(values: np.ndarray, decay: float) -> np.ndarray:
    result, running = np.empty(len(values)), 0.0
    for index, value in enumerate(values):
        running = value + decay * running
        result[index] = running
    return result


@given(st.integers(0, 2000), st.floats(0, 0.9999), st.integers(0, 100))
def test_decayed_sums_equal_the_loop(length: int, decay: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=length)
    assert decayed_sums(values, decay) == pytest.approx(one_by_one(values, decay), rel=1e-4, abs=1e-4)


def test_a_constant_stays_constant_from_the_first_point() -> None:
    ones = np.ones(50)
    assert smoothed(3 * ones, ones, ones, 0.99, 50) == pytest.approx(3 * ones)


def test_what_is_not_finite_is_left_out() -> None:
    totals, counts = np.array([0.0, 2.0, 0.0, 4.0]), np.array([0, 1, 0, 1])
    result = smoothed(totals, counts, np.ones(4), 0.5, 4)
    assert np.isnan(result[0])
    assert result[1:3] == pytest.approx([2, 2])
    assert 2 < result[3] < 4


def test_without_weight_nothing_changes() -> None:
    values = np.array([1.0, 5.0, 2.0])
    assert smoothed(values, np.ones(3), np.ones(3), 0, 3) == pytest.approx(values)


def test_more_weight_is_smoother() -> None:
    values, ones = np.random.default_rng(0).normal(size=300), np.ones(300)
    weak, strong = (np.diff(smoothed(values, ones, ones, weight, 300)).std() for weight in (0.3, 0.9))
    assert strong < weak / 2
    assert warm_up(0.9, 300) > warm_up(0.3, 300) > warm_up(0, 300) == 0


@given(st.integers(1, 3000), st.integers(0, 2000), st.floats(0.1, 0.99), st.integers(0, 20))
def test_blocks_and_a_remembered_past_smooth_as_single_points_do(
    length: int, start: int, weight: float, seed: int
) -> None:
    start = min(start, length - 1)
    values, ones = np.random.default_rng(seed).normal(size=length), np.ones(length)
    single = smoothed(values, ones, ones, weight, length)
    past = remembered(values[:start], ones[:start], ones[:start], weight, length)
    assert smoothed(values[start:], ones[start:], ones[start:], weight, length, past) == pytest.approx(
        single[start:], rel=1e-3, abs=1e-3
    )


def test_smaller_blocks_at_the_end_count_as_much_as_their_points() -> None:
    sizes = np.array([4, 4, 4, 2, 1, 1])
    mixed = smoothed(sizes * 2.0, sizes, sizes, 0.9, 16)
    assert mixed == pytest.approx(np.full(6, 2.0))
    ramp = np.repeat(np.arange(4.0), 4)
    totals = np.add.reduceat(ramp, [0, 4, 8, 12, 14, 15])
    last = smoothed(totals, sizes, sizes, 0.9, 16)[-1]
    assert last == pytest.approx(smoothed(ramp, np.ones(16), np.ones(16), 0.9, 16)[-1], rel=0.1)
