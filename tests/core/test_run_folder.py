import json
import os
import shutil
from pathlib import Path

import pytest

from tests.core.run_maker import finished_run, queued_run, started, write
from workbench.core import run_lock
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder, all_runs, discard, find_run, folder_name, is_run, new_run
from workbench.core.run_summary import asked_of, recipe_of
from workbench.core.run_writer import RunWriter


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return queued_run(tmp_path / "runs")


def test_a_new_run_is_named_by_what_it_is_and_holds_what_was_asked_for(tmp_path: Path):
    folder = new_run(tmp_path / "runs", "ConvNet: digits/8×8", "[data]\n", {"name": "First", "tags": ["a"]})
    date, time, words, code = folder.name.split("_")
    assert (len(date), len(time), words, len(code)) == (10, 6, "convnet-digits-8-8", 4)
    assert folder.asked.read_text() == "[data]\n"
    assert folder.notes() == {"name": "First", "tags": ["a"], "note": ""}
    assert is_run(folder.path)


def test_another_run_begins_with_what_was_asked_for_and_not_with_what_was_measured(folder: RunFolder):
    asked = folder.asked.read_text()
    measured = asked.replace("[training]\n", '[training]\nseed = 7\nprecision = "bfloat16"\nthreads = 1\n')
    folder.recipe.write_text(measured)
    folder.asked.write_text(asked.replace("[training]\n", '[training]\nprecision = "float32"\n'))
    training = asked_of(folder)["training"]
    assert (training["seed"], training["precision"], "threads" in training) == (7, "float32", False)
    folder.asked.unlink()
    assert "precision" not in asked_of(folder)["training"]
    assert recipe_of(folder)["training"]["threads"] == 1


def test_two_runs_of_one_second_have_two_folders(tmp_path: Path):
    names = {new_run(tmp_path, "same", "").name for _ in range(20)}
    assert len(names) == 20


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"):
        new_run(tmp_path / "runs", "title", "")


def test_a_file_in_the_place_of_the_folder_of_runs_is_named(tmp_path: Path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(UserError) as caught:
        new_run(tmp_path / "runs", "title", "")
    assert str(tmp_path / "runs") in caught.value.translated()
    assert "--runs" in caught.value.translated()


def test_runs_are_found_by_folder_and_by_name(tmp_path: Path, folder: RunFolder):
    assert find_run(str(folder.path), tmp_path / "elsewhere") == folder
    assert find_run(folder.name, folder.path.parent) == folder
    with pytest.raises(UserError, match="no run called"):
        find_run("nothing", folder.path.parent)
    title, _, ending = folder.name.split("_", 2)[2].rpartition("_")
    assert find_run(ending, folder.path.parent) == find_run(f"{title} {ending}", folder.path.parent) == folder
    shutil.copytree(folder.path, folder.path.with_name(f"2020-01-01_000000_other_{ending}"))
    with pytest.raises(UserError, match=f"2 runs are called {ending}"):
        find_run(ending, folder.path.parent)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="is not a run"):
        find_run(str(tmp_path / "empty"), tmp_path)


def test_all_runs_are_listed_oldest_first_and_nothing_else(tmp_path: Path):
    for name in ("b", "a", ".trash", "no-recipe"):
        (tmp_path / name).mkdir()
        if name != "no-recipe":
            (tmp_path / name / "asked.toml").write_text("")
    (tmp_path / "runs.sqlite3").write_text("")
    assert [run.name for run in all_runs(tmp_path)] == ["a", "b"]
    assert all_runs(tmp_path / "missing") == []


def test_notes_change_one_by_one_and_survive_damage(folder: RunFolder):
    folder.write_notes(name="Name")
    folder.write_notes(tags=["x"])
    assert folder.notes() == {"name": "Name", "tags": ["x"], "note": ""}
    for damaged in ("{", "[]", '"text"', ""):
        (folder.path / "notes.json").write_text(damaged)
        assert folder.notes() == {"name": "", "tags": [], "note": ""}


def test_wishes_rise_and_name_the_attempt(folder: RunFolder):
    assert folder.wish() is None
    first = folder.write_wish("pause")
    write(folder, started())
    write(folder, started(2, 3))
    second = folder.write_wish("stop", save=True)
    assert (first.attempt, first.number, first.wanted, first.save) == (1, 1, "pause", 0)
    assert (second.attempt, second.number, second.wanted, second.save) == (2, 2, "stop", 1)
    assert folder.wish() == second


@pytest.mark.parametrize("damaged", ["{", "[]", '{"attempt": 1}', '{"attempt": 1, "wishes": 3}', "7"])
def test_a_damaged_wish_is_no_wish(damaged: str, folder: RunFolder):
    (folder.path / "control.json").write_text(damaged)
    assert folder.wish() is None
    assert folder.write_wish("run").number == 1


def test_the_best_model_is_the_named_one_else_the_newest(folder: RunFolder):
    assert folder.best_model() is None
    for step, attempt in ((30, 1), (20, 2), (10, 1)):
        (folder.models / folder_name(step, attempt)).mkdir(parents=True)
        (folder.models / folder_name(step, attempt) / "model.safetensors").touch()
    (folder.models / ".tmp-123").mkdir()
    assert folder.best_model() == folder.models / folder_name(20, 2)
    for named, expected in ((folder_name(10, 1), (10, 1)), ("gone", (20, 2)), ("", (20, 2))):
        (folder.models / "best.json").write_text(json.dumps({"name": named}))
        assert folder.best_model() == folder.models / folder_name(*expected)
    (folder.models / "best.json").write_text("[1]")
    assert folder.best_model() == folder.models / folder_name(20, 2)


def test_checkpoints_come_newest_first(folder: RunFolder):
    for step, attempt in ((100, 1), (200, 1), (50, 2)):
        (folder.checkpoints / folder_name(step, attempt)).mkdir(parents=True)
    (folder.checkpoints / "other").mkdir()
    names = [path.name for path in folder.newest_checkpoints()]
    assert names == [folder_name(50, 2), folder_name(200, 1), folder_name(100, 1)]


def test_a_discarded_run_lies_in_the_trash_and_can_come_back(tmp_path: Path):
    folder = finished_run(tmp_path / "runs")
    there = discard(folder, tmp_path / "runs" / ".trash")
    assert not folder.path.exists()
    assert all_runs(tmp_path / "runs") == []
    assert RunFolder(there).best_model() is not None


def test_one_writer_at_a_time(folder: RunFolder):
    assert not run_lock.is_held(folder.lock)
    with RunWriter(folder) as writer:
        assert run_lock.is_held(folder.lock)
        assert writer.attempt == 1
        with pytest.raises(UserError, match="trained by another process"), RunWriter(folder):
            pass
        assert folder.attempts() == [1]
    assert not run_lock.is_held(folder.lock)
    with RunWriter(folder) as writer:
        assert writer.attempt == 2


def test_a_reader_that_looks_for_a_moment_does_not_keep_a_writer_out(folder: RunFolder):
    import threading

    folder.lock.touch()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            run_lock.is_held(folder.lock)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(20):
            with RunWriter(folder):
                pass
    finally:
        stop.set()
        looking.join()
    assert len(folder.attempts()) == 20


def test_the_heart_beats_while_a_run_is_written(folder: RunFolder):
    import time

    with RunWriter(folder):
        deadline = time.monotonic() + 5
        while not (folder.heartbeat.is_file() and folder.heartbeat.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert int(folder.heartbeat.read_text()) == 1


def test_the_environment_is_that_of_the_first_attempt(folder: RunFolder):
    for host in ("first", "second"):
        with RunWriter(folder) as writer:
            writer.write_environment({"host": host})
    assert json.loads(folder.environment.read_text()) == {"host": "first"}
