"""Tokens: kept as digests, refused when they ended, were taken back, or ask too often."""

import json
import time
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.serving import tokens
from workbench.serving.tokens import Tokens


def test_only_the_digest_is_kept(tmp_path: Path):
    file = tmp_path / "tokens.json"
    token = tokens.add(file, "ana")
    assert len(token) >= 43
    assert token not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert Tokens(file).judged(token) == ("", "ana")
    assert Tokens(file).judged(token + "x") == ("unknown", "")
    assert Tokens(file).judged("") == ("unknown", "")


def test_one_that_is_revoked_is_refused_at_once(tmp_path: Path):
    file = tmp_path / "tokens.json"
    token = tokens.add(file, "ana")
    known = Tokens(file)
    assert known.judged(token)[0] == ""
    tokens.revoke(file, "ana")
    assert known.judged(token) == ("revoked", "ana")
    again = tokens.add(file, "ana")
    assert known.judged(again) == ("", "ana")
    assert known.judged(token)[0] == "unknown"


def test_one_that_has_ended_is_refused(tmp_path: Path):
    file = tmp_path / "tokens.json"
    token = tokens.add(file, "ben", expires=time.time() - 1)
    later = tokens.add(file, "cleo", expires=time.time() + 1000)
    assert Tokens(file).judged(token) == ("expired", "ben")
    assert Tokens(file).judged(later) == ("", "cleo")


def test_one_that_asks_too_often_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file, now = tmp_path / "tokens.json", [1000.0]
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now[0])
    token, other = tokens.add(file, "dora", per_minute=2), tokens.add(file, "emil")
    known = Tokens(file)
    assert [known.judged(token)[0] for _ in range(3)] == ["", "", "too many"]
    assert known.judged(other)[0] == ""
    now[0] += 61
    assert known.judged(token)[0] == ""


def test_who_asked_too_often_is_told_how_long_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file, now = tmp_path / "tokens.json", [1000.0]
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now[0])
    token = tokens.add(file, "dora", per_minute=2)
    known = Tokens(file)
    for _ in range(3):
        known.judged(token)
        now[0] += 10
    assert known.seconds_to_wait("dora") == 30
    assert known.seconds_to_wait("someone") == 1


@pytest.mark.parametrize("content", ['{"ana": {"digest": "12", "per_min', "[data]\nkind = 1", "[1, 2]"])
def test_what_is_no_list_of_tokens_stays_as_it_is_and_lets_nobody_in(tmp_path: Path, content: str):
    file = tmp_path / "tokens.json"
    token = tokens.add(file, "ana")
    known = Tokens(file)
    assert known.judged(token) == ("", "ana")
    file.write_text(content)
    for attempt in (lambda: tokens.read(file), lambda: tokens.add(file, "ben"), lambda: tokens.revoke(file, "ana")):
        with pytest.raises(UserError, match="is not a list of tokens"):
            attempt()
    assert file.read_text() == content
    assert known.judged(token) == ("unknown", "")


def test_a_folder_is_no_list_of_tokens(tmp_path: Path):
    with pytest.raises(UserError, match="cannot be read"):
        tokens.read(tmp_path)


def test_names_are_told_apart(tmp_path: Path):
    file = tmp_path / "tokens.json"
    tokens.add(file, "ana")
    with pytest.raises(UserError, match="There is a token called ana"):
        tokens.add(file, "ana")
    with pytest.raises(UserError, match="no token called bob"):
        tokens.revoke(file, "bob")
    file.write_text(json.dumps({"ana": {"odd": 1}}))
    with pytest.raises(UserError, match="not a list of tokens"):
        tokens.read(file)
