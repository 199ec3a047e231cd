"""`workbench generate`: text as it comes, and everything about it on the last line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trained import digits_run, writer_run
from workbench.cli import main
from workbench.core.run_folder import RunFolder


@pytest.fixture(scope="module")
def writer(session_folders: Path) -> RunFolder:
    return writer_run(session_folders / "runs")


def told(capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, Any]]:
    *text, last = capsys.readouterr().out.splitlines()
    return "\n".join(text), json.loads(last)


def test_the_text_comes_first_and_everything_about_it_last(writer: RunFolder, capsys: Any) -> None:
    flags = ("--max-tokens", "20", "--temperature", "1", "--top-k", "9", "--top-p", "0.9", "--seed", "4")
    assert main(["generate", str(writer.path), "--prompt", "Good", *flags, "--json"]) == 0
    text, about = told(capsys)
    assert text.rstrip("\n") == ("Good" + about["text"]).rstrip("\n")
    assert about["prompt_tokens"] == 4
    assert len(about["tokens"]) == 20
    assert about["ended_by"] == "length"
    first = about["tokens"][0]
    assert 0 < first["probability"] < 1
    assert len(first["top"]) == 5
    assert main(["generate", str(writer.path), "--prompt", "Good", *flags, "--json"]) == 0
    assert told(capsys)[1] == about


def test_it_stops_where_it_is_told_to(writer: RunFolder, capsys: Any) -> None:
    assert main(["generate", str(writer.path), "--max-tokens", "300", "--stop", "e", "--stop", "a", "--json"]) == 0
    _, about = told(capsys)
    assert about["ended_by"] == "stop"
    assert not {"e", "a"} & set(about["text"])


def test_without_json_there_is_the_text_alone(writer: RunFolder, capsys: Any) -> None:
    assert main(["generate", str(writer.path), "--prompt", "So", "--max-tokens", "3"]) == 0
    assert capsys.readouterr().out.startswith("So")


@pytest.mark.parametrize("wrong", [("--temperature", "-1"), ("--top-p", "2"), ("--max-tokens", "0"), ("--top-k", "x")])
def test_values_out_of_range_are_wrong_usage(wrong: tuple[str, str], writer: RunFolder) -> None:
    assert main(["generate", str(writer.path), *wrong]) == 2


def test_a_classifier_is_refused(session_folders: Path, capsys: Any) -> None:
    run = digits_run(session_folders / "runs")
    assert main(["generate", str(run.path), "--prompt", "a"]) == 1
    assert "This model does not write texts." in capsys.readouterr().err


def test_predict_says_what_follows(writer: RunFolder, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a text that is far longer than what the network looks at\n" * 3)
    assert main(["predict", str(writer.path), str(path), "--top", "3", "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    assert len(found["top"]) == 3
    assert found["label"] == found["top"][0]["label"]
