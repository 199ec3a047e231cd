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


@given(VALUES, st.integers(0, 310), st.integers(1, 40))
def test_what_is_cut_is_as_if_it_had_never_come(values: list[float], step: int, most: int) -> None:
    array = np.asarray(values, np.float32)
    pyramid, expected = filled(array), filled(array[: step + 1])
    pyramid.cut(step)
    more = np.arange(step + 1, step + 40)
    for one in (pyramid, expected):
        one.extend(more, more.astype(np.float32))
    assert pyramid.steps.tolist() == expected.steps.tolist()
    assert pyramid.wrong.tolist() == expected.wrong.tolist()
    for left, right in zip(pyramid.envelope(0, 400, most), expected.envelope(0, 400, most), strict=True):
        assert np.array_equal(left, right, equal_nan=True)


@pytest.mark.parametrize("first", [10, 300_000, 2_000_000])
def test_large_arrays_are_kept_and_go_on_as_small_ones_do(first: int) -> None:
    steps = np.arange(2_500_000, dtype=np.uint32)
    values = np.sin(steps / 1e5).astype(np.float32)
    pyramid = Pyramid()
    for start, stop in ((0, first), (first, first + 7), (first + 7, len(steps))):
        pyramid.extend(steps[start:stop], values[start:stop])
    assert len(pyramid) == len(steps)
    assert np.array_equal(pyramid.values.astype(np.float32), values)
    assert pyramid.range_of(first - 2.5, first + 2.5) == (first - 3, first + 4)
    assert pyramid.point(first) == (first, pytest.approx(values[first]))
    starts, _, high = pyramid.envelope(first - 5, first + 5, 100)
    assert starts.tolist() == list(range(first - 5, first + 5))
    assert high.astype(np.float32).tolist() == values[first - 5 : first + 5].tolist()
    pyramid.cut(first)
    assert pyramid.point(-1)[0] == first


def test_steps_beyond_what_their_kind_can_hold_are_found_at_the_ends() -> None:
    pyramid = Pyramid()
    pyramid.extend(np.array([0, 2**32 - 1], np.uint32), np.zeros(2, np.float32))
    assert pyramid.range_of(-1e30, 1e30) == (0, 2)
    assert pyramid.at(1e30) == (2**32 - 1, 0)
