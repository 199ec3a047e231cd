import os
import stat
from pathlib import Path

import pytest

from workbench.core.files import read_json, write_atomically, write_json


def test_a_file_is_replaced_in_one_piece(tmp_path: Path):
    path = tmp_path / "a.json"
    for value in ({"n": 1}, {"größe": "更大"}):
        write_json(path, value)
        assert read_json(path, None) == value
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.txt"
    write_atomically(path, "old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_a_value_that_is_not_json_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "a.json"
    write_json(path, {"n": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"n": float("nan")})
    assert read_json(path, None) == {"n": 1}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"nope"])
def test_a_damaged_file_reads_as_the_default(content: bytes, tmp_path: Path):
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json", "default") == "default"
    assert read_json(tmp_path / "missing.json", "default") == "default"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_new_file_can_be_read_by_others_as_usual(tmp_path: Path):
    write_atomically(tmp_path / "a", "x")
    (tmp_path / "b").write_text("x")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "b").stat().st_mode)
