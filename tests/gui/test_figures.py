import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.gui import figures


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.2141, "0.214"),
        (0.3, "0.300"),
        (12480.0, "12,480"),
        (9.999, "10.0"),
        (99.96, "100"),
        (0.00071, "0.000710"),
        (0.0000123, "1.23e-5"),
        (0, "0"),
        (-1.5, "-1.50"),
        (float("nan"), "NaN"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert figures.number(value) == text


@given(st.floats(-1e300, 1e300))
def test_a_number_is_never_far_from_what_is_written(value: float) -> None:
    written = float(figures.number(value).replace(",", ""))
    assert math.isclose(written, value, rel_tol=0.0051, abs_tol=0.0)


@given(st.one_of(st.integers(), st.floats(allow_nan=False)))
def test_a_setting_reads_back_as_the_same_number(value: float) -> None:
    assert float(figures.setting(value)) == float(value)


@pytest.mark.parametrize(
    ("value", "text"), [(0.001, "0.001"), (1e-5, "1e-5"), (8, "8"), (8.0, "8"), (1e-4, "0.0001"), (3e20, "3e20")]
)
def test_settings_are_written_as_a_person_types_them(value: float, text: str) -> None:
    assert figures.setting(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0031, "3.1 ms"),
        (0.0, "0.0 ms"),
        (6.24, "6.2 s"),
        (41.2, "41 s"),
        (59.7, "1 min"),
        (125, "2 min 5 s"),
        (11520, "3 h 12 min"),
        (3 * 86400, "3 days 0 h"),
        (float("nan"), "–"),
    ],
)
def test_durations_use_the_unit_that_fits(seconds: float, text: str) -> None:
    assert figures.duration(seconds) == text


def test_what_is_left_counts_whole_seconds() -> None:
    assert figures.left(41.4) == "41 s left"
    assert figures.left(0.2) == "1 s left"
    assert figures.left(4.4) == "4 s left"
    assert figures.left(float("inf")) == "–"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1_200_000_000, "1.2 GB"), (139e9, "139 GB"), (999.6, "1.0 kB"), (310e6, "310 MB")]
)
def test_sizes_use_decimal_units(size: float, text: str) -> None:
    assert figures.size(size) == text


def test_percent_rate_and_shape() -> None:
    assert figures.percent(0.938) == "93.8 %"
    assert figures.percent(float("nan")) == "NaN"
    assert figures.rate(12480.3) == "12,480 samples/s"
    assert figures.shape((32, 28, 28)) == "32×28×28"
    assert figures.count(1797) == "1,797"
    assert figures.exact(0.123456789) == "0.1234568"
