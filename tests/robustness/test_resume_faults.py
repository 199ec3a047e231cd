"""Faults of going on with a run, by their numbers: kills, signals, changed settings, other machines, missing data."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.robustness.storage import killed_after, queued
from tests.training.runs import Seen, make_run, trained
from workbench.core.errors import UserError
from workbench.core.events import Finished, Started, Warned
from workbench.core.run_reader import whole_history
from workbench.training.checkpoint import newest_sound
from workbench.training.worker import recipe_of, train_run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked and signalled")


def test_t1_a_killed_run_is_interrupted_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    folder = queued(tmp_path)
    train_run(queued(tmp_path / "warm"))
    assert killed_after(folder, 0.15)
    assert whole_history(folder)[1] == "interrupted"
    seen = Seen()
    newest = folder.newest_checkpoints()
    assert isinstance(train_run(folder, on_event=seen), Finished)
    assert seen.of(Started)[0].parent == (newest[0].name if newest else "")


@pytest.mark.slow
def test_t2_a_system_that_shuts_down_gets_a_checkpoint_within_ten_seconds(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "training.epochs=10000")
    command = [sys.executable, "-m", "workbench.training", "--wait"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        assert child.stdin
        child.stdin.write(json.dumps({"run": str(folder.path)}).encode() + b"\n")
        child.stdin.flush()
        deadline = time.monotonic() + 60
        while not any(isinstance(event, Started) for event in whole_history(folder)[0].events):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGTERM)
        assert child.wait(10) == 0
    assert whole_history(folder)[1] == "stopped"
    assert newest_sound(folder)[0]


def test_t10_a_setting_that_makes_another_run_is_refused_and_named(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}
    for change in ("training.batch_size=8", "architecture.widths=[8]", "data.validation=0.3"):
        with pytest.raises(UserError, match="cannot change within a run: the result would be another run") as caught:
            recipe_of(folder, [change])
        assert str(caught.value).startswith(change.split("=")[0])
        assert "Start a new run with these settings." in caught.value.translated()
    assert before == {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}


def test_t11_a_resume_with_other_threads_warns_that_it_is_not_identical(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    seen = Seen()
    assert isinstance(train_run(folder, ["training.epochs=2"], on_event=seen), Finished)
    said = [str(event.message) for event in seen.of(Warned)]
    assert said == ["2 threads compute here, and 1 did before: it goes on, but not identically."]


def test_d10_data_that_are_gone_are_named_and_the_checkpoint_is_kept(tmp_path: Path, make_image_folder) -> None:
    images = make_image_folder()
    data = {"kind": "image_folder", "path": str(images), "validation": 0.2, "test": 0.2}
    folder, _ = trained(tmp_path / "runs", "training.epochs=1", data=data)
    shutil.move(images, tmp_path / "elsewhere")
    with pytest.raises(UserError, match="are no longer at") as caught:
        train_run_or_raise(folder)
    assert "Put them back there, then resume. What was learned is kept." in caught.value.translated()
    assert newest_sound(folder)[0]
    shutil.move(tmp_path / "elsewhere", images)
    assert isinstance(train_run(folder, ["training.epochs=2"]), Finished)


def train_run_or_raise(folder) -> None:
    """Ask as the terminal does before an attempt begins."""
    recipe_of(folder, ["training.epochs=2"])
