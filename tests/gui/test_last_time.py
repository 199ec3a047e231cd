import subprocess
import sys
from pathlib import Path

import pytest

from workbench.gui.last_time import LastTime

ROOT = Path(__file__).parents[2]
DIES = "import os, sys; from workbench.gui.last_time import LastTime; print(LastTime('x').begin()); os._exit(9)"


def test_a_clean_end_leaves_no_mark(own_folders: Path):
    last_time = LastTime("x")
    assert not last_time.begin()
    last_time.end()
    assert not list((own_folders / "state").iterdir())
    assert not last_time.begin()
    last_time.end()


def test_whoever_died_is_told_of_once_and_only_over_the_same_folder(own_folders: Path):
    subprocess.run([sys.executable, "-c", DIES], cwd=ROOT, check=False)
    for name, died in (("y", False), ("x", True), ("x", False)):
        last_time = LastTime(name)
        assert last_time.begin() is died
        last_time.end()


def test_a_window_that_is_still_there_did_not_crash(own_folders: Path):
    first, second = LastTime("x"), LastTime("x")
    assert not first.begin()
    assert not second.begin()
    second.end()
    assert (own_folders / "state" / "open-x").exists()
    first.end()


def test_without_a_place_to_remember_nothing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_STATE", str(tmp_path / "file" / "state"))
    last_time = LastTime("x")
    assert not last_time.begin()
    last_time.end()
