"""Personal patterns: what is one, what only looks like one, and that no text takes long."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.masker import Masker
from workbench.data.personal_patterns import PATTERNS, is_resident_number, passes_luhn, places

EVERYTHING = Masker(tuple(PATTERNS))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to Jo.Doe+news@mail.example.co.uk, please", "write to [mail], please"),
        ("我的邮箱是zhang.san@example.com.cn谢谢", "我的邮箱是[mail]谢谢"),
        ("jörg@münchen.example and a＠b.example", "[mail] and [mail]"),
        ("call +49 (0)170 123-4567 or +1-415-555-2671", "call [phone] or [phone]"),
        ("电话13800138000或138-0013-8000", "电话[phone]或[phone]"),
        ("8613800138000 and 0086 138 0013 8000", "[phone] and [phone]"),
        ("(415) 555-2671, 415.555.2671, 010-62345678", "[phone], [phone], [phone]"),
        ("tel: (010) 62345678, (0755)8888-8888, 0571-87654321-801", "tel: [phone], [phone], [phone]"),
        ("电话１３８１２３４５６７８，（０１０）６２３４５６７８", "电话[phone]，[phone]"),
        ("+86 138 1234 5678 or 8613812345678", "[phone] or [phone]"),  # both pass Luhn
        ("+49 1512 3456786", "[phone]"),
        ("张三@例子.公司谢谢", "[mail]谢谢"),
        ("我的邮箱是zhang.san@例子.中国。", "我的邮箱是[mail]。"),
        ("a＠例子.com and b@c.xn--55qx5d", "[mail] and [mail]"),
        ("身份证１１０１０５１９４９１２３１００２Ｘ号", "身份证[identity]号"),
        ("身份证11010519491231002X号", "身份证[identity]号"),
        ("440524 18800101 001-4", "[identity]"),
        ("SSN 078-05-1120", "SSN [identity]"),
        ("paid with 4111 1111 1111 1111", "paid with [card]"),
        ("5500005555555559 378282246310005 6200000000000005", "[card] [card] [card]"),
        ("order 12 4111-1111-1111-1111 77", "order 12 [card] 77"),
        ("from 192.168.0.1 and fe80::1ff:fe23:4567:890a", "from [ip] and [ip]"),
        ("mapped ::ffff:10.0.0.1.", "mapped [ip]."),
    ],
)
def test_takes_out_what_is_personal(text: str, masked: str) -> None:
    assert EVERYTHING.text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "order 4111 1111 1111 1112",  # fails Luhn
        "9111111111111111",  # no card begins so
        "110105194912310021",  # wrong check digit
        "110105194913310028",  # no such month
        "12345678901",  # no mobile number begins so
        "138001380001",  # a digit too many
        "000-12-3456 and 666-12-3456 and 987-65-4321",  # never given out
        "version 1.2.3.4.5, 256.1.1.1, at 12:30:45",
        "a @ b, @handle, user@localhost",
        "2024-01-31 12:30, 3.14159265358979, 1,234,567,890",
        "std::vector and ::",
        "感谢@张三.李四，关注@人民日报。",  # no domain ends so
        "(2010) 2345678, f(012) 345, (010) 12345678",  # no area code, too short, no number begins so
    ],
)
def test_leaves_what_only_looks_so(text: str) -> None:
    assert EVERYTHING.text(text) == text


def test_only_chosen_patterns_are_taken_out() -> None:
    assert Masker(("mail",)).text("a@b.example 13800138000") == "[mail] 13800138000"


@settings(max_examples=50)
@given(st.text(st.characters(codec="utf-8"), max_size=200) | st.text("0123456789 -.:@+abcxX()", max_size=200))
def test_masking_again_changes_nothing(text: str) -> None:
    masked = EVERYTHING.text(text)
    assert EVERYTHING.text(masked) == masked
    for pattern in PATTERNS:
        ends = [0]
        for begin, end in places(pattern, text):
            assert ends[-1] <= begin < end <= len(text)
            ends.append(end)


@given(st.text("0123456789", min_size=12, max_size=18), st.sampled_from("23456 8".replace(" ", "")))
def test_every_number_with_a_check_digit_is_a_card_and_its_neighbours_are_none(digits: str, first: str) -> None:
    number = first + digits[1:]
    right = [last for last in "0123456789" if passes_luhn(number + last)]
    assert len(right) == 1
    for last in "0123456789":
        assert (Masker(("card",)).text(f"({number + last})") == "([card])") == (last in right)


@given(st.integers(100000, 999999), st.dates().filter(lambda day: day.year >= 1850), st.integers(0, 999))
def test_one_check_digit_of_eleven_makes_a_resident_number(region: int, born: object, serial: int) -> None:
    number = f"{region}{str(born).replace('-', '')}{serial:03}"
    right = [last for last in "0123456789X" if is_resident_number(number + last)]
    assert len(right) == 1
    assert Masker(("identity",)).text(number + right[0]) == "[identity]"


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000, "1" * 300_000, "+1" * 150_000, "1 " * 150_000, "a.b@" * 60_000, "1:" * 100_000, "12." * 90_000],
)
def test_no_text_takes_long(text: str) -> None:
    begun = time.monotonic()
    EVERYTHING.text(text)
    assert time.monotonic() - begun < 8
