"""What the writer of a run leaves behind when the disk, or the machine, does not do as it should."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.core.run_maker import queued_run, started, steps, write
from tests.training.runs import make_run
from workbench.core.events import EpochDone, Failed, Finished, Stopped
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import RunReader, seconds_between, whole_history
from workbench.core.run_writer import RunWriter


class Full:
    """A file on a disk that takes `room` more bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self.file, self.room = file, room

    def write(self, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = self.file.write(data[: self.room])
        self.room -= taken
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@pytest.mark.parametrize("room", [0, 5])
def test_a_line_that_did_not_fit_is_an_error_and_the_next_one_is_whole(tmp_path: Path, room: int) -> None:
    folder = queued_run(tmp_path)
    with RunWriter(folder) as writer:
        writer.write(started())
        whole = writer._events
        writer._events = Full(whole, room)  # type: ignore[assignment]
        with pytest.raises(OSError, match="No space left"):
            writer.write(EpochDone(1, 10, {"validation_loss": 1.0}, 1.0))
        writer._events = whole
        writer.write(Failed(10, {"message": "The disk is full.", "values": {}}))
    batch, state = whole_history(folder)
    assert state == "failed"
    assert [type(event).__name__ for event in batch.events] == ["Started", "Failed"]


def test_scalars_that_did_not_fit_are_an_error(tmp_path: Path) -> None:
    folder = queued_run(tmp_path)
    with RunWriter(folder) as writer:
        writer.write(started())
        writer.write(steps(1, 1))
        writer._scalars["training_loss"] = Full(writer._scalars["training_loss"], 12)  # type: ignore[assignment]
        with pytest.raises(OSError, match="No space left"):
            writer.write(steps(2, 9))
    assert whole_history(folder)[0].scalars["training_loss"][0].tolist() == [1, 2]


def test_a_full_disk_while_events_are_written_ends_the_run_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.training.worker import train_run

    real = RunWriter.write

    def write_until_full(writer: RunWriter, event: Any) -> None:
        if isinstance(event, EpochDone):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(writer, event)

    monkeypatch.setattr(RunWriter, "write", write_until_full)
    seen: list[Any] = []
    folder = make_run(tmp_path)
    ending = train_run(folder, on_event=seen.append)
    assert isinstance(ending, Failed)
    assert "No space left" in str(ending.error)
    assert seen[-1] is ending
    assert whole_history(folder)[1] == "failed"


def test_seconds_are_counted_once_over_all_attempts(tmp_path: Path) -> None:
    folder = queued_run(tmp_path)
    write(folder, started(), Stopped(5, 0, 10.0, {}))
    write(folder, started(2, 5), Finished(30, 3, 25.0, {}))  # its clock goes on from the attempt before
    assert seconds_between(folder) == 25.0


def test_a_run_that_went_on_elsewhere_is_judged_by_where_it_is_now(tmp_path: Path) -> None:
    folder: RunFolder = queued_run(tmp_path)
    with RunWriter(folder) as writer:
        writer.write_environment({"host": os.uname().nodename})
        writer.write(started())
    with RunWriter(folder) as writer:
        writer.write(started(2).__class__(**{**vars(started(2)), "host": "another-machine"}))
    reader = RunReader(folder)
    reader.read()
    assert reader.state() == "running", "its lock may not be seen from here, but its heart was just seen to beat"
