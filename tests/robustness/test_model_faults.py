"""Faults of models that others made, by their numbers: each is tried, and what is said and kept is looked at."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from tests.robustness.hostile_models import regex_bomb
from workbench.core import limited
from workbench.core.errors import UserError
from workbench.data import tokenizer_files
from workbench.data.tokenizer_files import read_tokenizer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the limits are those of POSIX")


def test_m11_a_regular_expression_without_end_times_out_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer_files, "_TRIAL_SECONDS", 1)
    begun: list[int] = []
    popen = limited.subprocess.Popen

    def noted(*arguments, **options):
        child = popen(*arguments, **options)
        begun.append(child.pid)
        return child

    monkeypatch.setattr(limited.subprocess, "Popen", noted)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(regex_bomb("(a+)+$")), encoding="utf-8")
    since = time.monotonic()
    with pytest.raises(UserError, match="did not come to an end within 1 s: timed out") as caught:
        read_tokenizer(path)
    assert time.monotonic() - since < 20
    assert "Choose another tokenizer." in caught.value.translated()
    assert len(begun) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0], 0)
    with pytest.raises(UserError, match="timed out"):
        read_tokenizer(path)  # it is no better the second time: only what came through is remembered


def test_m11_a_tokenizer_that_crashes_the_library_takes_only_its_trial_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments, place: Path, **limits):
        script = place / "crash.py"
        script.write_text("import os; os.abort()", encoding="utf-8")
        return run(script, place=place, **limits)

    run = limited.run
    monkeypatch.setattr(limited, "run", crash)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(regex_bomb(r"\d+")), encoding="utf-8")
    with pytest.raises(UserError, match=r"tokenizer\.json failed when it was tried out on short texts\.") as caught:
        read_tokenizer(path)
    assert "It is not used. Choose another tokenizer." in caught.value.translated()


def test_m11_a_sound_tokenizer_is_tried_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(regex_bomb(r"\s+")), encoding="utf-8")
    read_tokenizer(path)
    monkeypatch.setattr(tokenizer_files, "_tried", set())
    monkeypatch.setattr(limited, "run", lambda *_arguments, **_limits: pytest.fail("tried out again"))
    assert read_tokenizer(path).encode("a").ids == [0]
