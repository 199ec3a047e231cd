"""The preview of masking: what is found, before and after, without a trace on the disk."""

from pathlib import Path
from typing import Any

import pytest

from workbench.cli import main
from workbench.core.errors import UserError
from workbench.data import kinds
from workbench.data.masker import Masker
from workbench.data.masking_key import key_file, name_of_key
from workbench.engine import ask

TEXT = "write to a@b.example or 13800138000, not 4111 1111 1111 1112"
FOUND = {"mail": 1, "phone": 1, "identity": 0, "card": 0, "ip": 0}


def counts(data: dict[str, Any]) -> dict[str, int]:
    return {one["name"]: one["count"] for one in ask("masking.preview", {"data": data})["found"]}


def test_counts_every_pattern_in_every_kind(tmp_path: Path, own_folders: Path) -> None:
    (tmp_path / "t.csv").write_text(f'text,label\n"{TEXT}",yes\nfine,no\n')
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "t.txt").write_text(TEXT)
    (tmp_path / "n.csv").write_text("tel,mail,y\n13800138000,a@b.example,1\n5,x,2\n", encoding="utf-16")
    for data in (
        {"kind": "text_table", "path": str(tmp_path / "t.csv")},
        {"kind": "text_folder", "path": str(tmp_path)},
        {"kind": "text_file", "path": str(tmp_path / "x")},
        {"kind": "table", "path": str(tmp_path / "n.csv")},
    ):
        assert counts(data) == {**FOUND, "columns": 0}
    assert not list(own_folders.rglob("*.json"))


def test_shows_what_takes_the_place(tmp_path: Path, own_folders: Path) -> None:
    (tmp_path / "n.csv").write_text("tel,city,y\n13800138000,Oslo,1\n13800138000,Oslo,2\n5,Rome,3\n")
    masking = {"columns": ["city"], "method": "mask"}
    data = {"kind": "table", "path": str(tmp_path / "n.csv"), "masking": masking}
    found = {one["name"]: one for one in ask("masking.preview", {"data": data})["found"]}
    assert found["phone"] | {"title": ""} == {
        "name": "phone",
        "title": "",
        "count": 2,
        "masked": False,
        "examples": [["13800138000", "[phone]"]],
    }
    assert (found["columns"]["count"], found["columns"]["masked"]) == (3, True)
    assert found["columns"]["examples"] == [["Oslo", "[masked]"], ["Rome", "[masked]"]]
    hashed = {**data, "masking": {**masking, "phone": True, "method": "hash"}}
    answer = ask("masking.preview", {"data": hashed})
    found = {one["name"]: one for one in answer["found"]}
    assert found["phone"]["masked"]
    assert found["phone"]["examples"][0][1].startswith("[phone-")
    assert (answer["key"], answer["key_is_there"]) == (str(key_file()), False)
    assert not key_file().exists(), "nothing is written"
    masker = Masker(("phone",), key=name_of_key())
    answer = ask("masking.preview", {"data": hashed})
    found = {one["name"]: one for one in answer["found"]}
    assert found["phone"]["examples"] == [["13800138000", masker.text("13800138000")]]
    assert answer["key_is_there"]


def test_columns_are_found_by_name_or_number_as_in_training(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("tel,city,y\n13800138000,Oslo,1\n5,Rome,2\n")
    (tmp_path / "t.csv").write_text(f'text,label\n"{TEXT}",yes\nfine,no\n')
    for data in (
        {"kind": "table", "path": str(tmp_path / "n.csv")},
        {"kind": "text_table", "path": str(tmp_path / "t.csv")},
    ):
        assert counts({**data, "masking": {"columns": ["2"]}})["columns"] == 2
        with pytest.raises(UserError, match="has no column 没有"):
            counts({**data, "masking": {"columns": ["没有"]}})


def test_pictures_cannot_be_masked() -> None:
    with pytest.raises(UserError, match="Only tables and texts"):
        counts({"kind": "samples", "name": "digits"})


def test_every_kind_with_the_settings_yields_its_values(tmp_path: Path) -> None:
    for kind, entry in kinds.items():
        assert ("masking" in entry.settings.model_fields) == (entry.raw is not None), kind


def test_the_command_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text(f'text,label\n"{TEXT}",yes\nfine,no\n')
    assert main(["personal", str(tmp_path / "t.csv"), "--set", "masking.columns=label"]) == 0
    said = capsys.readouterr().out
    assert "masking.mail" in said
    assert "a@b.example" in said
    assert "[phone]" in said
    assert "masking.columns" in said
    (tmp_path / "t.csv").write_text("text,label\nfine,yes\ngood,no\n")
    assert main(["personal", str(tmp_path / "t.csv")]) == 0
    assert "No mail address" in capsys.readouterr().out
