"""Encrypted data caches: nothing plain on the disk, used from memory, gone from there with the last process."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.runs import trained
from workbench.core import locked_file, memory_room, passphrases, paths
from workbench.core.errors import UserError
from workbench.core.locked_file import is_locked
from workbench.data import open_data
from workbench.data.dataset import Dataset

pytestmark = pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a file system in memory")
PASSPHRASE = "correct horse battery"
TEXTS = [f"a {'good' if n % 2 else 'bad'} distinguishable thing, number {n}" for n in range(40)]


@pytest.fixture(autouse=True)
def encrypted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_folders: Path) -> Iterator[None]:
    monkeypatch.setattr(locked_file, "_COST", 10)
    (tmp_path / "secret").write_text(PASSPHRASE)
    monkeypatch.setenv(memory_room.VARIABLE, "1")
    monkeypatch.setenv(passphrases.FILE, str(tmp_path / "secret"))
    passphrases.forget()
    yield
    memory_room.leave()
    passphrases.forget()
    assert not memory_room._place().exists()


@pytest.fixture
def data(tmp_path: Path) -> dict[str, Any]:
    rows = (f'"{text}",{"yes" if n % 2 else "no"}\n' for n, text in enumerate(TEXTS))
    (tmp_path / "texts.csv").write_text("text,label\n" + "".join(rows))
    return {"kind": "text_table", "path": str(tmp_path / "texts.csv")}


def plain_on_disk(folder: Path) -> list[Path]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if b"distinguishable" in file.read_bytes()]


def same(first: Dataset, second: Dataset) -> bool:
    return first.training.texts() == second.training.texts() and first.facts == second.facts


def test_nothing_plain_is_on_the_disk_and_it_is_the_same_again(data: dict[str, Any], own_folders: Path) -> None:
    first = open_data(data)
    assert str(first.cache).startswith("/dev/shm/")
    kept = [file for file in (paths.cache() / "data").rglob("*") if file.is_file()]
    assert kept
    assert all(map(is_locked, kept))
    assert plain_on_disk(own_folders) == []
    memory_room.leave()
    assert not first.cache.exists()
    times = {file: file.stat().st_mtime_ns for file in kept}
    assert same(open_data(data), first)
    assert {file: file.stat().st_mtime_ns for file in kept} == times


def test_a_cache_from_before_is_replaced(
    data: dict[str, Any], own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(memory_room.VARIABLE, "0")
        before = open_data(data)
    assert plain_on_disk(own_folders)
    assert same(open_data(data), before)
    assert plain_on_disk(own_folders) == []


def test_pictures_and_training_work_from_memory(own_folders: Path) -> None:
    run, ending = trained(own_folders / "runs", "training.epochs=1")
    assert type(ending).__name__ == "Finished"
    dataset = open_data({"kind": "samples", "name": "digits"})
    assert np.asarray(dataset.training.inputs).any()
    assert all(map(is_locked, (file for file in (paths.cache() / "data").rglob("*") if file.is_file())))
    assert run.best_model() is not None


def test_needs_the_passphrase_and_notices_a_flipped_byte(
    data: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_data(data)
    memory_room.leave()
    (tmp_path / "secret").write_text("another passphrase")
    with pytest.raises(UserError, match="is not right"):
        open_data(data)
    monkeypatch.delenv(passphrases.FILE)
    with pytest.raises(UserError, match="its passphrase is needed"):
        open_data(data)
    passphrases.remember(PASSPHRASE)
    file = next(file for file in (paths.cache() / "data").rglob("texts.json"))
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"texts\.json is damaged or was changed"):
        open_data(data)
    assert not list(memory_room.room().rglob("texts.json"))


def test_without_any_passphrase_nothing_is_kept(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passphrases.FILE)
    with pytest.raises(UserError, match="no passphrase is known"):
        open_data(data)
    assert not list((paths.cache() / "data").rglob("*"))


def test_what_does_not_fit_into_memory_is_refused(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    open_data(data)
    memory_room.leave()
    full = type("Usage", (), {"free": 100})
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda place: full)
        with pytest.raises(UserError, match="MB of memory"):
            open_data(data)


def test_another_process_keeps_it_and_a_killed_one_does_not(data: dict[str, Any]) -> None:
    room = memory_room.room()
    code = "from workbench.core import memory_room; memory_room.room(); print('in', flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "in\n"
    memory_room.leave()
    assert room.is_dir()
    other.kill()
    other.communicate()
    assert room.is_dir()
    memory_room.sweep()
    assert not room.exists()


def test_a_folder_of_somebody_else_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory_room, "_MEMORY", tmp_path)
    place = memory_room._place()
    place.parent.mkdir(mode=0o700)
    place.mkdir()
    place.chmod(0o755)
    with pytest.raises(UserError, match="belongs to somebody else"):
        memory_room.room()
    monkeypatch.setattr(memory_room, "_MEMORY", tmp_path / "nothing")
    with pytest.raises(UserError, match="no file system in memory"):
        memory_room.room()
    shutil.rmtree(place)
