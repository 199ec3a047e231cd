"""Faults of the storage, by their numbers: what the person is told, and what is kept."""

import json
import os
import sqlite3
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.training.runs import Seen, make_run, trained
from workbench.core import events, run_index
from workbench.core.errors import UserError
from workbench.core.events import EpochDone, Failed, Finished, Warned, from_line, to_line
from workbench.core.run_folder import RunFolder, new_run
from workbench.core.run_index import RunIndex
from workbench.core.run_reader import seconds_between, whole_history
from workbench.core.sealed import write_sealed
from workbench.training.checkpoint import newest_sound
from workbench.training.worker import train_run


def test_s1_a_full_disk_says_what_is_needed_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    kept = folder.newest_checkpoints()
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"total": 10**9, "free": 1000})())
        ending = train_run(folder, ["training.epochs=2"])
    assert isinstance(ending, Failed)
    said = UserError.from_plain(dict(ending.error)).translated()
    assert "is full: 0.0 MB are free, and 1." in said
    assert "Make room there, then try again." in said
    assert folder.newest_checkpoints() == kept
    assert newest_sound(folder)[0]
    assert isinstance(train_run(folder, ["training.epochs=2"]), Finished)


def test_s2_a_write_that_fails_names_its_cause_and_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    kept = folder.newest_checkpoints()

    def fails(*_: object) -> None:
        raise OSError(5, os.strerror(5))

    with monkeypatch.context() as patch:
        patch.setattr("workbench.training.checkpoint.save_tensors", fails)
        ending = train_run(folder, ["training.epochs=2"])
    assert isinstance(ending, Failed)
    assert "could not be written or read: Input/output error." in UserError.from_plain(dict(ending.error)).translated()
    assert folder.newest_checkpoints() == kept
    assert not list(folder.path.rglob(".tmp-*"))
    assert isinstance(train_run(folder, ["training.epochs=2"]), Finished)


def test_s3_a_folder_that_cannot_be_written_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where a folder should be")
    with pytest.raises(UserError) as caught:
        new_run(tmp_path / "runs", "title", "")
    assert str(tmp_path / "runs") in str(caught.value)
    assert "Choose another folder" in caught.value.translated()


def test_s4_a_damaged_index_is_rebuilt_and_kept_aside(tmp_path: Path) -> None:
    for _ in range(3):
        make_run(tmp_path)
    index = RunIndex(tmp_path)
    index.refresh()
    names = [row.name for row in index.rows()]
    index.close()
    place = tmp_path / "runs.sqlite3"
    data = bytearray(place.read_bytes())
    data[4096:4200] = bytes(104)
    place.write_bytes(data)
    again = RunIndex(tmp_path)
    again.refresh()
    assert again.rebuilt, "the window says by this that it was rebuilt"
    assert not again.in_memory
    assert [row.name for row in again.rows()] == names
    again.close()
    assert (tmp_path / "runs.sqlite3.damaged").read_bytes() == data


def test_s5_an_index_that_another_process_holds_is_not_damaged_by_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path)
    first = RunIndex(tmp_path)
    first.refresh()
    holder = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    setup = tuple(line.replace("5000", "50") for line in run_index._SETUP)  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(run_index, "_SETUP", setup)
    make_run(tmp_path)
    second = RunIndex(tmp_path)
    second.refresh()  # finds that it cannot write, and goes on in memory
    second.refresh()
    assert second.in_memory
    assert len(second.rows()) == 2
    second.close()
    holder.execute("ROLLBACK")
    holder.close()
    first.refresh()
    assert (len(first.rows()), first.rebuilt) == (2, False)
    first.close()
    assert not (tmp_path / "runs.sqlite3.damaged").exists()


def test_s6_an_index_of_another_version_is_built_anew(tmp_path: Path) -> None:
    make_run(tmp_path)
    for version in (0, 99):
        index = RunIndex(tmp_path)
        index.refresh()
        index.close()
        with sqlite3.connect(tmp_path / "runs.sqlite3") as db:
            db.execute(f"PRAGMA user_version={version}")
        db.close()
        again = RunIndex(tmp_path)
        again.refresh()
        assert len(again.rows()) == 1
        again.close()


def test_s7_what_interrupted_saves_left_is_swept_at_the_start_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    (folder.checkpoints / ".tmp-1-abc").mkdir()
    (folder.models / ".tmp-1-abc").mkdir()
    assert isinstance(train_run(folder, ["training.epochs=2"]), Finished)
    assert not list(folder.path.rglob(".tmp-*"))
    assert "removed 2 unfinished saves" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="a folder cannot be synced there")
def test_s8_a_checkpoint_is_renamed_into_place_only_when_all_of_it_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    at_rename: list[bool] = []
    real_sync, real_rename = os.fsync, Path.rename

    def sync(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        real_sync(handle)

    def rename(source: Path, target: Path) -> Path:
        at_rename.append(all(file.stat().st_ino in synced for file in source.iterdir()))
        return real_rename(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    write_sealed(tmp_path / "place", lambda place: _three_files(place))
    assert at_rename == [True]
    assert tmp_path.stat().st_ino in synced, "the rename itself"


def _three_files(place: Path) -> None:
    for name in "abc":
        (place / name).write_text(name)


def test_s9_a_clock_that_jumps_changes_neither_durations_nor_the_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run(tmp_path)

    class YearAgo(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=365)

    def jump(event: object) -> None:
        monkeypatch.setattr(events, "datetime", YearAgo)

    ending = train_run(folder, on_event=Seen(EpochDone, jump))
    lines = (folder.attempt(1) / "events.jsonl").read_text().splitlines()
    assert events.time_of(lines[-1]) < events.time_of(lines[0]) - 86_400, "the clock jumped, or this tests nothing"
    assert 0 < ending.seconds < 60
    assert seconds_between(folder) == ending.seconds
    epochs = [event.epoch for event in whole_history(folder)[0].events if isinstance(event, EpochDone)]
    assert epochs == sorted(epochs)


def test_s10_a_value_that_is_no_number_is_kept_and_is_valid_json() -> None:
    line = to_line(EpochDone(1, 2, {"loss": float("nan"), "accuracy": float("inf")}, 0.5))
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    back = from_line(line)
    assert isinstance(back, EpochDone)
    assert str(back.metrics["loss"]) == "nan"
    assert back.metrics["accuracy"] == float("inf")


def test_m3_a_flipped_bit_is_told_and_the_older_checkpoint_taken(tmp_path: Path) -> None:
    folder: RunFolder = trained(tmp_path, "training.epochs=1")[0]
    train_run(folder, ["training.epochs=2"])
    newest, older = folder.newest_checkpoints()[:2]
    data = bytearray((newest / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (newest / "model.safetensors").write_bytes(data)
    loaded, complaints = newest_sound(folder)
    assert loaded
    assert loaded.path == older
    assert str(complaints[0]) == f"{newest.name} is damaged: model.safetensors is not what was written."
    seen = Seen()
    train_run(folder, ["training.epochs=2"], on_event=seen)
    assert any("is damaged" in str(event.message) for event in seen.of(Warned))
