"""tokens: who may ask, made and listed on the command line."""

from pathlib import Path

import pytest

from workbench.cli import main


def test_a_list_says_until_when_and_how_often(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = ["--file", str(tmp_path / "tokens.json")]
    assert main(["tokens", "list", *file]) == 0
    assert capsys.readouterr().out == "There are no tokens.\n"
    assert main(["tokens", "add", "ana", "--days", "3", "--per-minute", "60", *file]) == 0
    token = capsys.readouterr().out.strip()
    assert main(["tokens", "list", *file]) == 0
    said = capsys.readouterr().out
    assert "valid until 2" in said
    assert "60 requests a minute" in said
    assert token not in said


@pytest.mark.parametrize("arguments", [[""], [" "], ["a\tb"], ["ana", "--days", "nan"]])
def test_what_would_be_nobodys_or_never_end_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["tokens", "add", *arguments, "--file", str(tmp_path / "tokens.json")]) != 0
    assert capsys.readouterr().err
    assert not (tmp_path / "tokens.json").exists()
