import random
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from tests.core.run_maker import finished_run, queued_run, started, steps, write
from workbench.core.events import EpochDone, Failed, Finished, ModelSaved
from workbench.core.run_folder import RunFolder
from workbench.core.run_index import RunIndex
from workbench.core.run_writer import RunWriter


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def open_index(runs: Path) -> RunIndex:
    index = RunIndex(runs)
    index.refresh()
    return index


def shown(index: RunIndex, search: str = "", sort: str = "started", **given: bool) -> list[str]:
    return [row.shown for row in index.rows(search, sort, **given)]


def test_a_finished_run_is_listed_with_all_a_list_shows(runs: Path):
    folder = finished_run(runs, "First try", 0.93)
    folder.write_notes(tags=["good", "digits"], note="with care")
    index = open_index(runs)
    (row,) = index.rows()
    assert (row.title, row.tags, row.note, row.state) == ("First try", ("good", "digits"), "with care", "finished")
    assert (row.data, row.architecture, row.metric, row.value) == ("digits", "convnet", "validation_accuracy", 0.93)
    assert (row.epoch, row.epochs, row.step, row.steps, row.parameters) == (3, 3, 30, 30, 1234)
    assert row.seconds == 12.5
    assert abs(row.started - time.time()) < 60
    assert row.has_model
    assert row == index.row(folder.name)
    index.close()


def test_the_best_model_may_be_of_an_earlier_epoch(runs: Path):
    good, worse = {"validation_accuracy": 0.9}, {"validation_accuracy": 0.8}
    folder = queued_run(runs, "overfits")
    saved = ModelSaved("step-00000020-a001", 20, 2, True, good)
    write(
        folder, started(), EpochDone(2, 20, good, 1.0), saved, EpochDone(3, 30, worse, 1.0), Finished(30, 3, 1.0, good)
    )
    row = open_index(runs).row(folder.name)
    assert row is not None
    assert (row.epoch, row.best_epoch, row.value) == (3, 2, 0.9)


def test_states_follow_from_events_and_lock(runs: Path):
    queued_run(runs, "waits")
    write(queued_run(runs, "dies"), started(), steps(1, 7))
    write(queued_run(runs, "fails"), started(), Failed(3, {"message": "No.", "hint": "", "values": {}, "details": ""}))
    index = open_index(runs)
    with RunWriter(queued_run(runs, "trains")) as writer:
        writer.write(started())
        assert index.refresh().changed == (writer.folder.name,)
        states = {row.title: row.state for row in index.rows()}
        assert states == {"waits": "queued", "dies": "interrupted", "fails": "failed", "trains": "running"}
    assert next(row for row in index.rows() if row.title == "dies").step == 7
    assert '"No."' in next(row for row in index.rows() if row.title == "fails").error
    assert index.refresh().changed == (writer.folder.name,)  # its trainer died without a word
    assert next(row for row in index.rows() if row.title == "trains").state == "interrupted"
    index.close()


def test_a_refresh_reads_only_what_has_changed(runs: Path):
    first, second = finished_run(runs, "one"), finished_run(runs, "two")
    index = open_index(runs)
    assert not index.refresh()
    first.write_notes(note="new")
    assert index.refresh().changed == (first.name,)
    shutil.rmtree(second.path)
    assert index.refresh().gone == (second.name,)
    assert shown(index) == ["one"]
    index.close()


def test_one_run_can_be_read_again_at_once(runs: Path):
    folder = finished_run(runs, "before")
    index = open_index(runs)
    folder.write_notes(name="after")
    index.update(folder.name)
    assert shown(index) == ["after"]
    shutil.rmtree(folder.path)
    index.update(folder.name)
    assert shown(index) == []
    index.close()


def test_search_finds_every_word_anywhere_in_any_case(runs: Path):
    finished_run(runs, "Größe 100%")
    finished_run(runs, "second", architecture="mlp").write_notes(name="second", tags=["Baseline"], note="100 tries")
    index = open_index(runs)
    assert shown(index, "GRÖSSE") == ["Größe 100%"]
    assert shown(index, "100%") == ["Größe 100%"]
    assert shown(index, "mlp baseline") == ["second"]
    assert shown(index, "100 TRIES") == ["second"]
    assert shown(index, "mlp convnet") == []
    assert shown(index, "s_cond") == []  # neither of SQL's wildcards is one here
    index.close()


def test_runs_are_sorted_by_any_column_and_unknown_values_come_last(runs: Path):
    finished_run(runs, "b", 0.7)
    finished_run(runs, "A", 0.8)
    queued_run(runs, "c")
    index = open_index(runs)
    assert shown(index, sort="value") == ["A", "b", "c"]
    assert shown(index, sort="value", descending=False) == ["b", "A", "c"]
    assert shown(index, sort="title", descending=False) == ["A", "b", "c"]
    with pytest.raises(ValueError, match="no column"):
        index.rows(sort="name; DROP TABLE runs")
    index.close()


def test_a_value_that_is_no_number_is_kept(runs: Path):
    write(
        queued_run(runs, "diverged"),
        started(),
        EpochDone(1, 10, {"validation_loss": float("nan")}, 1.0),
        Finished(10, 1, 1.0, {}),
    )
    index = open_index(runs)
    (row,) = index.rows(sort="value")
    assert row.metric == "validation_loss"
    assert row.value is not None
    assert row.value != row.value
    index.close()


def test_the_index_is_rebuilt_when_deleted(runs: Path):
    finished_run(runs, "kept").write_notes(name="kept", tags=["tag"], note="a note")
    index = open_index(runs)
    before = index.rows()
    index.close()
    for path in runs.glob("runs.sqlite3*"):
        path.unlink()
    index = open_index(runs)
    assert index.rows() == before
    assert not index.rebuilt
    index.close()


def test_a_sound_index_is_used_again(runs: Path):
    finished_run(runs, "one")
    write(queued_run(runs, "diverged"), started(), EpochDone(1, 10, {"validation_loss": float("nan")}, 1.0))
    open_index(runs).close()
    index = RunIndex(runs)
    assert not index.rebuilt
    assert not index.refresh()
    assert len(index.rows()) == 2
    index.close()


def test_an_index_that_is_no_database_is_set_aside_and_rebuilt(runs: Path):
    finished_run(runs, "kept")
    (runs / "runs.sqlite3").write_bytes(b"not a database at all" * 100)
    index = open_index(runs)
    assert index.rebuilt
    assert shown(index) == ["kept"]
    assert (runs / "runs.sqlite3.damaged").read_bytes().startswith(b"not a database")
    index.close()


def test_flipped_bytes_never_change_what_is_listed(runs: Path):
    for number in range(8):
        finished_run(runs, f"run {number}", number / 10)
    index = open_index(runs)
    before = index.rows()
    index.close()
    whole = (runs / "runs.sqlite3").read_bytes()
    dice = random.Random(0)
    rebuilt = 0
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        (runs / "runs.sqlite3").write_bytes(damaged)
        index = open_index(runs)
        assert index.rows() == before
        rebuilt += index.rebuilt
        index.close()
    assert rebuilt > 0


def test_damage_while_it_is_open_is_survived(runs: Path):
    finished_run(runs, "kept")
    index = open_index(runs)
    index._db.execute("DROP TABLE runs")
    assert shown(index) == ["kept"]
    index.close()


def test_an_index_of_another_version_is_built_anew(runs: Path):
    finished_run(runs, "kept")
    open_index(runs).close()
    with sqlite3.connect(runs / "runs.sqlite3") as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    index = open_index(runs)
    assert shown(index) == ["kept"]
    assert not index.rebuilt
    index.close()


def test_without_a_place_to_write_the_list_lives_in_memory(runs: Path, tmp_path: Path):
    finished_run(runs, "kept")
    (tmp_path / "file").touch()
    index = RunIndex(runs, place=tmp_path / "file" / "runs.sqlite3")
    index.refresh()
    assert index.in_memory
    assert shown(index) == ["kept"]
    index.close()


def test_the_folder_of_the_index_is_made(tmp_path: Path):
    index = open_index(tmp_path / "not" / "yet")
    assert index.rows() == []
    assert not index.in_memory
    index.close()


def test_a_run_without_a_readable_recipe_is_still_listed(runs: Path):
    folder = queued_run(runs, "odd")
    folder.asked.write_bytes(b"\xff\xfe = not toml")
    (folder.path / "notes.json").write_text("[]")
    index = open_index(runs)
    assert [row.state for row in index.rows()] == ["queued"]
    index.close()


@pytest.mark.slow
def test_a_thousand_runs_are_listed_at_once(runs: Path):
    template = finished_run(runs, "template")
    for number in range(1000):
        shutil.copytree(template.path, runs / f"2026-01-01_000000_copy-{number:04}")
    index = open_index(runs)
    began = time.perf_counter()
    assert not index.refresh()
    assert len(index.rows("template", "value")) == 1001
    assert time.perf_counter() - began < 1.0
    index.close()


def test_the_folder_named_is_the_folder_listed(runs: Path):
    folder = finished_run(runs)
    index = open_index(runs)
    assert RunFolder(Path(index.rows()[0].path)) == folder
    assert shown(index) == [f"convnet-digits {folder.name[-4:]}"]
    index.close()
