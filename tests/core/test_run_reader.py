import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.core.run_maker import queued_run, started, steps, write
from workbench.core import run_reader
from workbench.core.errors import UserError
from workbench.core.events import (
    Answered,
    CheckpointSaved,
    EpochDone,
    Failed,
    Finished,
    Preparing,
    Stopped,
    Warned,
)
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import RunReader, seconds_between, whole_history
from workbench.core.run_writer import RECORD, RunWriter, recorded
from workbench.core.words import Words


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return queued_run(tmp_path / "runs")


def loss_steps(folder: RunFolder) -> list[int]:
    return whole_history(folder)[0].scalars["training_loss"][0].tolist()


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_what_is_written_is_read_back(folder: RunFolder):
    happenings = [
        started(),
        Preparing(Words("Reading {name}", {"name": "digits"}), 3, 7),
        EpochDone(1, 10, {"validation_loss": 0.25}, 1.5),
        CheckpointSaved("step-00000010-a001", 10, 1, 0.1),
        Warned(Words("The loss is {loss}.", {"loss": 9.5}), 4),
        Finished(10, 1, 2.0, {"test_accuracy": 0.5}, Words("No improvement since epoch {epoch}.", {"epoch": 1})),
    ]
    write(folder, *happenings)
    batch, state = whole_history(folder)
    assert list(batch.events) == happenings
    assert state == "finished"


def test_every_read_brings_only_what_is_new(folder: RunFolder):
    reader = RunReader(folder)
    assert not reader.read()
    with RunWriter(folder) as writer:
        writer.write(started())
        writer.write(steps(1, 5))
        first = reader.read()
        assert not reader.read()
        writer.write(steps(6, 9))
        second = reader.read()
    assert first.events == (started(),)
    assert first.scalars["training_loss"][0].tolist() == [1, 2, 3, 4, 5]
    assert second.events == ()
    assert second.scalars["training_loss"][0].tolist() == [6, 7, 8, 9]


def test_a_torn_line_waits_for_its_rest(folder: RunFolder):
    write(folder, started())
    path = folder.attempt(1) / "events.jsonl"
    line = json.dumps({"event": "epoch_done", "epoch": 1, "step": 10, "metrics": {"validation_loss": 1}, "seconds": 1})
    append(path, line[:40].encode())
    reader = RunReader(folder)
    assert len(reader.read().events) == 1
    append(path, line[40:].encode() + b"\n")
    assert reader.read().events == (EpochDone(1, 10, {"validation_loss": 1.0}, 1),)


def test_a_torn_record_waits_for_its_rest(folder: RunFolder):
    write(folder, started(), steps(1, 3))
    path = folder.attempt(1) / "scalars" / "training_loss.bin"
    record = np.array([(4, 0.5)], RECORD).tobytes()
    append(path, record[:5])
    reader = RunReader(folder)
    assert reader.read().scalars["training_loss"][0].tolist() == [1, 2, 3]
    append(path, record[5:])
    found = reader.read().scalars["training_loss"]
    assert (found[0].tolist(), found[1].tolist()) == ([4], [0.5])


def test_damaged_and_unknown_lines_are_left_out(folder: RunFolder):
    write(folder, started())
    path = folder.attempt(1) / "events.jsonl"
    append(path, b'\xff\xfe not json\n{"event": "of the future", "n": 1}\n[]\n{"event": "stopped"}\n\n')
    write_again = '{"event": "warned", "message": {"template": "Still here."}, "step": 3, "colour": "red"}\n'
    append(path, write_again.encode())
    assert [type(event).__name__ for event in whole_history(folder)[0].events] == ["Started", "Warned"]


def test_values_that_are_not_finite_survive(folder: RunFolder):
    values = {"nan": math.nan, "up": math.inf, "down": -math.inf}
    write(folder, started(), steps(1, 2, math.nan), EpochDone(1, 2, values, 1.0))
    batch, _ = whole_history(folder)
    assert np.isnan(batch.scalars["training_loss"][1]).all()
    event = batch.events[-1]
    assert isinstance(event, EpochDone)
    assert math.isnan(event.metrics["nan"])
    assert (event.metrics["up"], event.metrics["down"]) == (math.inf, -math.inf)
    for line in (folder.attempt(1) / "events.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_attempts_are_one_history_with_no_step_twice(folder: RunFolder):
    write(folder, started(), steps(1, 25), EpochDone(1, 10, {}, 1.0), EpochDone(2, 20, {}, 1.0))
    write(folder, started(2, 10, parent="step-00000010-a001"), steps(11, 18))
    write(folder, started(3, 15, parent="step-00000015-a002"), steps(16, 30), Finished(30, 3, 1.0, {}))
    assert loss_steps(folder) == list(range(1, 31))
    batch, state = whole_history(folder)
    assert batch.keep_until == 10
    assert state == "finished"


@pytest.mark.parametrize("follows", [False, True])
def test_an_epoch_that_ended_again_after_the_same_step_counts_once(folder: RunFolder, follows: bool):
    name = "validation_loss"
    reader, found = RunReader(folder), list[int]()
    write(folder, started(), steps(1, 20), steps(10, 10, name=name), steps(20, 20, name=name))
    if follows:
        found += reader.read().scalars[name][0].tolist()
    write(folder, started(2, 20, parent="step-00000020-a001"), steps(20, 20, name=name), steps(30, 30, name=name))
    found += reader.read().scalars[name][0].tolist()
    assert found == [10, 20, 30]


def test_a_follower_learns_where_a_later_attempt_begins(folder: RunFolder):
    reader = RunReader(folder)
    write(folder, started(), steps(1, 25))
    assert reader.read().keep_until is None
    write(folder, started(2, 10), steps(11, 12))
    batch = reader.read()
    assert batch.keep_until == 10
    assert batch.scalars["training_loss"][0].tolist() == [11, 12]


def test_preparing_before_the_start_changes_nothing_about_where_it_begins(folder: RunFolder):
    reader = RunReader(folder)
    write(folder, started(), steps(1, 25))
    reader.read()
    with RunWriter(folder) as writer:
        writer.write(Preparing(Words("Reading")))
        assert reader.read().keep_until is None
        writer.write(started(2, 10))
        writer.write(steps(11, 12))
        batch = reader.read()
    assert batch.keep_until == 10
    assert batch.scalars["training_loss"][0].tolist() == [11, 12]


def test_scalars_wait_for_the_step_at_which_their_attempt_begins(folder: RunFolder):
    write(folder, started(), steps(1, 25))
    reader = RunReader(folder)
    reader.read()
    with RunWriter(folder) as writer:
        writer.write(steps(11, 12))
        writer.write(Preparing(Words("Reading")))
        assert not reader.read().scalars
        writer.write(started(2, 10))
        assert reader.read().scalars["training_loss"][0].tolist() == [11, 12]


def test_events_alone_can_be_read(folder: RunFolder):
    write(folder, started(), steps(1, 25), Stopped(25, 2, 1.0, {}))
    reader = RunReader(folder, scalars=False)
    batch = reader.read()
    assert not batch.scalars
    assert len(batch.events) == 2
    assert reader.state() == "stopped"


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (Finished(1, 1, 1.0, {}), "finished"),
        (Stopped(1, 1, 1.0, {}), "stopped"),
        (Failed(1, {"message": "No."}), "failed"),
        (Warned(Words("Hm.")), "interrupted"),
    ],
)
def test_the_last_words_say_how_it_ended(ending, expected: str, folder: RunFolder):
    write(folder, started(), ending)
    assert whole_history(folder)[1] == expected


def test_a_run_nobody_has_started_is_queued(folder: RunFolder):
    assert whole_history(folder)[1] == "queued"


def test_the_trainers_answers_decide_between_running_and_paused(folder: RunFolder):
    reader = RunReader(folder)
    with RunWriter(folder) as writer:
        assert reader.state() == "running"
        for state in ("paused", "running", "stopping"):
            writer.write(Answered(1, state))
            reader.read()
            assert reader.state() == state


def test_a_new_attempt_after_the_end_is_running_again(folder: RunFolder):
    write(folder, started(), Finished(1, 1, 1.0, {}))
    reader = RunReader(folder)
    reader.read()
    with RunWriter(folder) as writer:
        writer.write(started(2, 1))
        reader.read()
        assert reader.state() == "running"


def test_a_run_that_ended_after_the_last_read_is_not_called_interrupted(folder: RunFolder):
    reader = RunReader(folder)
    with RunWriter(folder) as writer:
        writer.write(started())
        reader.read()
        writer.write(Finished(1, 1, 1.0, {}))
    assert reader.state() == "running"
    reader.read()
    assert reader.state() == "finished"


def test_a_torn_last_line_of_a_dead_trainer_is_not_waited_for(folder: RunFolder):
    write(folder, started())
    append(folder.attempt(1) / "events.jsonl", b'{"event": "epoch_do')
    assert whole_history(folder)[1] == "interrupted"


TRAINER = """
import sys, time
from pathlib import Path
from tests.core.run_maker import started, steps
from workbench.core.run_folder import RunFolder
from workbench.core.run_writer import RunWriter
with RunWriter(RunFolder(Path(sys.argv[1]))) as writer:
    writer.write(started())
    writer.write(steps(1, 7))
    print("training", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def trainer(folder: RunFolder):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", TRAINER, str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout
        assert process.stdout.readline() == "training\n"
        yield process
        process.kill()


@pytest.mark.skipif(os.name == "nt", reason="kills a process as Linux does")
def test_a_killed_trainer_leaves_an_interrupted_run(folder: RunFolder, trainer: subprocess.Popen[str]):
    reader = RunReader(folder)
    reader.read()
    assert reader.state() == "running"
    with pytest.raises(UserError, match="trained by another process"), RunWriter(folder):
        pass
    trainer.send_signal(signal.SIGKILL)
    trainer.wait()
    assert reader.state() == "interrupted"
    write(folder, started(2, 5), steps(6, 9), Finished(9, 1, 1.0, {}))
    assert loss_steps(folder) == list(range(1, 10))


@pytest.mark.skipif(os.name == "nt", reason="stops a process as Linux does")
def test_a_frozen_trainer_is_not_responding_but_never_dead(
    folder: RunFolder, trainer: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_reader, "_SILENT_SECONDS", 0.2)
    reader = RunReader(folder)
    reader.read()
    reader.state()
    trainer.send_signal(signal.SIGSTOP)
    reader.state()  # its last beat may have come since
    time.sleep(0.3)
    assert reader.state() == "not responding"
    trainer.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + 10
    while reader.state() != "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert reader.state() == "running"


def test_a_run_of_another_machine_is_judged_by_its_heart(folder: RunFolder, monkeypatch: pytest.MonkeyPatch):
    write(folder, started())
    (folder.path / "environment.json").write_text('{"host": "elsewhere"}')
    monkeypatch.setattr(run_reader, "_SILENT_SECONDS", 0.1)
    reader = RunReader(folder)
    reader.read()
    assert reader.state() == "running"
    time.sleep(0.15)
    assert reader.state() in ("interrupted", "not responding")
    (folder.path / "heartbeat").write_text("000000000099\n")
    assert reader.state() == "running"


def test_recording_keeps_and_passes_on(folder: RunFolder):
    happenings = [started(), steps(1, 3), Finished(3, 1, 1.0, {})]
    with RunWriter(folder) as writer:
        assert list(recorded(happenings, writer)) == happenings
    assert loss_steps(folder) == [1, 2, 3]


def test_the_time_a_run_took_survives_a_torn_end(folder: RunFolder):
    write(folder, started(), EpochDone(1, 10, {}, 1.0))
    append(folder.attempt(1) / "events.jsonl", b'{"event": "finished", "seconds": 9')
    assert 0 <= seconds_between(folder) < 60


def test_the_time_of_a_finished_run_is_its_own(folder: RunFolder):
    write(folder, started(), Finished(1, 1, 12.5, {}))
    assert seconds_between(folder) == 12.5


def test_ten_million_points_are_read_quickly(tmp_path: Path):
    folder = queued_run(tmp_path)
    write(folder, started(), steps(1, 10_000_000))
    began = time.perf_counter()
    batch, _ = whole_history(folder)
    assert len(batch.scalars["training_loss"][0]) == 10_000_000
    assert time.perf_counter() - began < 3
