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

from tests.folders import image_folder, text_table
from tests.robustness.storage import killed_after, queued
from tests.training.runs import Seen, make_run, trained
from workbench.core.errors import UserError
from workbench.core.events import Event, Failed, Finished, Started, StepsDone, Warned
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


@pytest.mark.parametrize("kind", ["image_folder", "text_table", "table"])
def test_d10_data_that_vanish_while_it_trains_do_not_stop_it(kind: str, tmp_path: Path) -> None:
    """What is trained on was read into the cache before the first step."""
    source = tmp_path / "source"
    source.mkdir()
    data: dict[str, object] = {"kind": kind, "path": str(source), "validation": 0.2, "test": 0.2}
    architecture = {"kind": "textcnn" if kind == "text_table" else "mlp"}
    match kind:
        case "image_folder":
            image_folder(source, ("circle", "square"), 20, 8)
        case "text_table":
            data["path"] = str(text_table(source / "texts.csv", 60))
        case _:
            rows = "".join(f"{number % 7},{number % 5},{'uv'[number % 2]}\n" for number in range(100))
            (source / "rows.csv").write_text(f"a,b,y\n{rows}")
            data |= {"path": str(source / "rows.csv"), "target": "y"}

    def unmount(event: Event) -> None:
        shutil.rmtree(source)

    seen = Seen(StepsDone, unmount)
    folder = make_run(tmp_path / "runs", "training.epochs=4", data=data, architecture=architecture)
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Finished), ending
    assert not source.exists()
    assert newest_sound(folder)[0]


def test_d10_a_cache_that_was_swept_away_is_told_and_made_again_by_a_resume(tmp_path: Path, own_folders: Path) -> None:
    rows = "".join(f"{number % 7},{number % 5},{'uv'[number % 2]}\n" for number in range(100))
    (tmp_path / "rows.csv").write_text(f"a,b,y\n{rows}")
    data = {"kind": "table", "path": str(tmp_path / "rows.csv"), "target": "y"}
    folder = make_run(tmp_path / "runs", "training.epochs=4", data=data, architecture={"kind": "mlp"})
    ending = train_run(folder, on_event=Seen(StepsDone, lambda event: shutil.rmtree(own_folders / "cache")))
    if isinstance(ending, Failed):  # what it had open already it goes on with
        told = UserError.from_plain(dict(ending.error)).translated()
        assert "could not be written or read: No such file or directory" in told
    assert isinstance(train_run(folder, ["training.epochs=5"]), Finished)


def train_run_or_raise(folder) -> None:
    """Ask as the terminal does before an attempt begins."""
    recipe_of(folder, ["training.epochs=2"])
