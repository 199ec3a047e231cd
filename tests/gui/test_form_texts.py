from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.errors import UserError
from workbench.gui.form_texts import Limits, read_list, read_number, read_text, read_word, stepped, written

WHOLE = Limits(whole=True, low=1, high=1000)
RATE = Limits(above=0, high=10)


@pytest.mark.parametrize(
    ("text", "limits", "value"),
    [("64", WHOLE, 64), (" 1e2 ", WHOLE, 100), ("1e-5", RATE, 1e-5), (".5", RATE, 0.5), ("８", WHOLE, 8)],
)
def test_numbers_are_read(text: str, limits: Limits, value: float) -> None:
    assert read_number(text, limits) == value
    assert isinstance(read_number(text, limits), int if limits.whole else float | int)


@pytest.mark.parametrize(
    ("text", "limits", "message"),
    [
        ("", WHOLE, "A number is missing here."),
        ("many", WHOLE, "many is not a number."),
        ("2.5", WHOLE, "Only whole numbers go here."),
        ("0", WHOLE, "At least 1."),
        ("1001", WHOLE, "At most 1000."),
        ("0", RATE, "More than 0."),
        ("1", Limits(below=1), "Less than 1."),
        ("nan", RATE, "nan is not a number."),
        ("1e999", RATE, "1e999 is not a number."),
        ("9" * 5000, WHOLE, "999999999999999999999999… is not a number."),
    ],
)
def test_what_is_wrong_with_a_number_is_said(text: str, limits: Limits, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_number(text, limits)
    assert caught.value.translated() == message


def test_words_stand_beside_numbers() -> None:
    assert read_word(" AUTO ", {"auto": "自动", "all": "全部"}) == "auto"
    assert read_word("全部", {"auto": "自动", "all": "全部"}) == "all"
    assert read_word("12", {"auto": "自动"}) is None
    assert read_number("12", WHOLE, ("auto",)) == 12
    with pytest.raises(UserError, match="neither a number nor one of auto, all"):
        read_number("some", WHOLE, ("auto", "all"))


@pytest.mark.parametrize("text", ["32, 64", "32 64", "32，64", "[32, 64]", "(32,64,)", "32;64"])
def test_lists_are_read_however_they_are_separated(text: str) -> None:
    assert read_list(text, "number", WHOLE) == [32, 64]


def test_lists_have_a_length() -> None:
    with pytest.raises(UserError, match="At least 1 values"):
        read_list("", "number", WHOLE, fewest=1)
    with pytest.raises(UserError, match="Exactly 2 values"):
        read_list("1", "number", WHOLE, fewest=2, most=2)
    with pytest.raises(UserError, match="At most 2 values"):
        read_list("a,b,c", "text", Limits(), most=2)
    with pytest.raises(UserError, match="At least 1\\."):
        read_list("3, 0", "number", WHOLE)


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="，"), min_size=1)))
def test_a_list_of_texts_reads_back(values: list[str]) -> None:
    assert read_list(written(values), "text", Limits()) == values


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_a_list_of_numbers_reads_back(values: list[float]) -> None:
    assert read_list(written(values), "number", Limits()) == values


@given(st.text(), st.sampled_from(["number", "text"]), st.booleans())
def test_any_text_is_read_or_refused(text: str, of: str, whole: bool) -> None:
    for read in (
        lambda: read_number(text, Limits(whole=whole, low=1), ("auto",)),
        lambda: read_list(text, of, Limits(whole=whole, low=1), 1, 3),
        lambda: read_text(text, 1, 5),
    ):
        with suppress(UserError):
            read()


@pytest.mark.parametrize(
    ("value", "steps", "limits", "log", "result"),
    [
        (0.001, 1, RATE, True, 0.002),
        (0.002, 1, RATE, True, 0.005),
        (0.001, -1, RATE, True, 0.0005),
        (0.001, 3, RATE, True, 0.01),
        (10, 1, RATE, True, 10),
        (64, 1, WHOLE, True, 128),
        (64, -1, WHOLE, True, 32),
        (1, -1, WHOLE, True, 1),
        (8, 1, WHOLE, False, 9),
        (0.5, 1, Limits(low=0, below=1), False, 0.55),
        (0.95, 1, Limits(low=0, below=1), False, 0.95),
        (0.0, 1, Limits(low=0), True, 1e-5),
    ],
)
def test_steps(value: float, steps: int, limits: Limits, log: bool, result: float) -> None:
    assert stepped(value, steps, limits, log) == pytest.approx(result)


@given(st.floats(1e-8, 1e8), st.integers(-5, 5), st.booleans())
def test_steps_stay_within_the_range(value: float, steps: int, log: bool) -> None:
    limits = Limits(above=0, high=1e8)
    assert limits.allows(stepped(value, steps, limits, log))


def test_texts_have_a_length() -> None:
    assert read_text("a") == "a"
    with pytest.raises(UserError, match="must not be empty"):
        read_text("  ", fewest=1)
    with pytest.raises(UserError, match="At most 3"):
        read_text("abcd", most=3)
