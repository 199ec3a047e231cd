"""Letters written as bytes in many ways: found out, chosen, and said when some were lost."""

import pytest

from workbench.core.errors import UserError
from workbench.data.encodings import decoded, encoding_of

CHINESE = (
    "文本,标签\n" + "这家餐厅的菜很好吃，服务也周到，推荐给大家。,好\n电脑经常蓝屏，售后也不管，太坑了。,差\n" * 10
)
FRENCH = "texte,avis\n" + "très déçu par l'écran, à éviter,non\nça marche très bien et c'est joli,oui\n" * 10
KOREAN = "이 제품은 정말 좋아요, 배송도 빠르고 마음에 듭니다\n화면이 자주 꺼져서 실망했습니다\n" * 10
RUSSIAN = "Чайник сломался через неделю, очень разочарован\nВсё отлично работает, рекомендую\n" * 10


@pytest.mark.parametrize("text", [CHINESE, FRENCH, KOREAN, "text,label\nplain,1\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_found_with_and_without_a_mark(text: str, encoding: str) -> None:
    read, _, problems = decoded("x.csv", text.encode(encoding))
    assert (read, problems) == (text, [])


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [(CHINESE, "gb18030", "GB18030"), (CHINESE[:30], "gbk", "GB18030"), (FRENCH, "cp1252", "Windows-1252")],
)
def test_older_encodings_are_found_and_said(text: str, encoding: str, shown: str) -> None:
    read, found, [problem] = decoded("x.csv", text.encode(encoding))
    assert (read, found) == (text, shown)
    assert str(problem.words) == f"x.csv is not in UTF-8; it was read as {shown}. Look whether the texts are right."


@pytest.mark.parametrize(("text", "encoding"), [(KOREAN, "euc_kr"), (RUSSIAN, "cp1251")])
def test_what_cannot_be_chosen_is_not_taken_for_chinese_or_french(text: str, encoding: str) -> None:
    assert encoding_of(text.encode(encoding)) not in ("gb18030", "cp1252", "utf-8")


@pytest.mark.parametrize(
    ("text", "encoding"), [(CHINESE, "gb18030"), (CHINESE, "utf-16"), (FRENCH, "cp1252"), (CHINESE, "utf-8")]
)
def test_an_encoding_can_be_chosen(text: str, encoding: str) -> None:
    assert decoded("x.csv", text.encode(encoding), encoding)[0] == text


def test_a_wrong_choice_names_the_first_line_that_is_lost() -> None:
    _, _, [problem] = decoded("x.csv", ("ok\n" * 4 + FRENCH).encode("cp1252"), "utf-8")
    assert "Letters of x.csv that could not be read as UTF-8: 80, the first in line 6" in str(problem.words)


def test_a_few_damaged_bytes_make_no_other_encoding_of_utf_8() -> None:
    content = CHINESE.encode() + b"\xff broken,x\n" + CHINESE.encode()
    read, found, [problem] = decoded("x.csv", content)
    assert found == "UTF-8"
    assert read.count("\ufffd") == 1
    assert str(problem.words) == "Letters of x.csv that could not be read as UTF-8: 1, the first in line 22."


def test_a_nul_is_named_and_a_picture_is_no_text() -> None:
    assert "the first in line 2" in str(decoded("x.csv", b"text,label\nwith a \0,1\n")[2][0].words)
    with pytest.raises(UserError, match=r"x\.csv is not a table of texts"):
        decoded("x.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 30)
    with pytest.raises(UserError, match=r"x\.csv is empty"):
        decoded("x.csv", b"\xef\xbb\xbf \n")
