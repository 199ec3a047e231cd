"""Folders of decoded data: whole or not there, found again, cleaned up."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.data import cache
from workbench.data.image_cache import compact


def test_a_folder_is_built_once(own_folders: Path) -> None:
    calls: list[Path] = []

    def build(folder: Path) -> dict[str, int]:
        calls.append(folder)
        np.save(folder / "x.npy", np.arange(3))
        return {"count": 3}

    first, second = cache.cached("abc", build), cache.cached("abc", build)
    assert first == second == (own_folders / "cache" / "data" / "abc", {"count": 3})
    assert len(calls) == 1
    assert np.load(first[0] / "x.npy").tolist() == [0, 1, 2]


def test_what_fails_half_way_leaves_nothing(own_folders: Path) -> None:
    def build(folder: Path) -> dict[str, int]:
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.cached("abc", build)
    assert not list((own_folders / "cache" / "data").iterdir())


def test_a_folder_without_its_summary_is_built_again(own_folders: Path) -> None:
    (own_folders / "cache" / "data" / "abc").mkdir(parents=True)
    assert cache.cached("abc", lambda folder: {"count": 1})[1] == {"count": 1}


def test_two_builders_do_not_meet() -> None:
    barrier = threading.Barrier(2)
    results: list[dict[str, int]] = []

    def build(folder: Path) -> dict[str, int]:
        barrier.wait(10)
        (folder / "x").write_text("same")
        return {"count": 1}

    threads = [threading.Thread(target=lambda: results.append(cache.cached("abc", build)[1])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [{"count": 1}] * 2


def test_what_others_left_half_built_is_swept_after_a_day(own_folders: Path) -> None:
    root = own_folders / "cache" / "data"
    for name, age in ((".building-old", 2 * 86400), (".building-new", 60)):
        (root / name).mkdir(parents=True)
        os.utime(root / name, (time.time() - age, time.time() - age))
    cache.cached("abc", lambda folder: {})
    assert sorted(path.name for path in root.iterdir()) == [".building-new", "abc"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match="could not be kept in"):
        cache.cached("abc", lambda folder: {})


def test_equal_rows_get_equal_numbers() -> None:
    images = np.array([[[1]], [[2]], [[1]], [[3]], [[2]]], np.uint8)
    groups = cache.groups_of_equals(cache.digests(images))
    assert groups[0] == groups[2]
    assert groups[1] == groups[4]
    assert len(set(groups.tolist())) == 3
    assert len(cache.groups_of_equals(np.zeros((0, 2), np.uint64))) == 0


@pytest.mark.parametrize("count", [10, 5000])
def test_rows_that_are_not_kept_are_closed_up_in_place(count: int, tmp_path: Path) -> None:
    values = np.arange(count * 6, dtype=np.uint16).reshape(count, 2, 3)
    kept = np.arange(count) % 3 != 0
    np.save(tmp_path / "x.npy", values)
    compact(tmp_path / "x.npy", kept)
    assert np.array_equal(np.load(tmp_path / "x.npy"), values[kept])
    assert (tmp_path / "x.npy").stat().st_size == 128 + values[kept].nbytes


def test_an_array_is_replaced_only_when_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    cache.replace_array(path, np.arange(3))
    before = path.stat().st_ino
    cache.replace_array(path, np.arange(3))
    assert path.stat().st_ino == before
    cache.replace_array(path, np.arange(4))
    assert np.load(path).tolist() == [0, 1, 2, 3]
    assert [file.name for file in tmp_path.iterdir()] == ["x.npy"]
