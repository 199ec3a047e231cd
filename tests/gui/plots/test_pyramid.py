import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.gui.plots.pyramid import Pyramid

VALUES = st.lists(st.floats(width=32) | st.just(float("nan")), min_size=1, max_size=300)


def filled(values: np.ndarray, batch: int = 7) -> Pyramid:
    pyramid = Pyramid()
    for start in range(0, len(values), batch):
        part = values[start : start + batch]
        pyramid.extend(np.arange(start, start + len(part)), part)
    return pyramid


@given(VALUES, st.integers(1, 50), st.integers(0, 300), st.integers(0, 300), st.integers(1, 40))
def test_blocks_hold_what_brute_force_finds(values: list[float], batch: int, first: int, last: int, most: int) -> None:
    array = np.asarray(values)
    start, stop = sorted((min(first, len(array)), min(last, len(array))))
    pyramid = filled(array, batch)
    starts, sizes, (low, high, total, count) = pyramid._cover(start, stop, most)
    if start == stop:
        assert len(starts) == 0
        return
    assert starts[0] <= start
    assert starts[-1] + sizes[-1] >= stop
    assert np.array_equal(starts[1:], (starts + sizes)[:-1])
    for number, (place, size) in enumerate(zip(starts, sizes, strict=True)):
        block = array[place : place + size]
        finite = block[np.isfinite(block)]
        assert count[number] == len(finite)
        assert total[number] == pytest.approx(finite.sum(), rel=1e-6, abs=1e-6)
        if len(finite):
            assert low[number] == finite.min()
            assert high[number] == finite.max()
        else:
            assert np.isnan(low[number])


def test_many_points_become_few_blocks_and_lose_no_peak() -> None:
    values = np.zeros(1_000_003)
    values[[17, 654_321, 1_000_002]] = (5.0, -3.0, 2.0)
    pyramid = filled(values, 250_000)
    steps, low, high = pyramid.envelope(0, len(values), 2000)
    assert len(steps) < 2100
    assert (high.max(), low.min(), high[-1]) == (5.0, -3.0, 2.0)


def test_points_in_any_batches_make_the_same_pyramid() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    first, second = filled(values, 1), filled(values, 5000)
    for left, right in zip(first.envelope(100, 4900, 300), second.envelope(100, 4900, 300), strict=True):
        assert np.array_equal(left, right)


def test_steps_that_come_late_are_sorted_in() -> None:
    pyramid = Pyramid()
    pyramid.extend(np.array([5, 6, 7]), np.array([5.0, 6.0, 7.0]))
    pyramid.extend(np.array([2, 9]), np.array([2.0, 9.0]))
    assert pyramid.steps.tolist() == [2, 5, 6, 7, 9]
    assert pyramid.values.tolist() == [2, 5, 6, 7, 9]


def test_values_that_are_not_finite_are_kept_and_listed() -> None:
    pyramid = filled(np.array([1.0, np.nan, np.inf, 4.0, -np.inf]))
    assert pyramid.wrong.tolist() == [1, 2, 4]
    assert np.isinf(pyramid.values[2])


def test_the_nearest_point_is_found() -> None:
    pyramid = Pyramid()
    assert pyramid.at(3) is None
    pyramid.extend(np.array([0, 10, 20]), np.array([1.0, 2.0, 3.0]))
    assert pyramid.at(14) == (10, 2.0)
    assert pyramid.at(16) == (20, 3.0)
    assert pyramid.at(-5) == (0, 1.0)
    assert pyramid.at(99) == (20, 3.0)


def test_as_many_steps_as_values_are_needed() -> None:
    with pytest.raises(ValueError, match="2 steps and 1 values"):
        Pyramid().extend(np.array([1, 2]), np.array([1.0]))
