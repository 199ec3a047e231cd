"""The program as it is started: a process with a window, on the offscreen platform."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.core.files import read_json
from workbench.core.run_folder import all_runs
from workbench.core.run_reader import whole_history
from workbench.gui.only_window import OnlyWindow

ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; from pathlib import Path; from workbench.gui.app import run; "


def started(runs: Path, demo: bool = False) -> subprocess.Popen[str]:
    code = f"{PROGRAM} sys.exit(run(Path({str(runs)!r}), demo={demo}))"
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)


def waits(condition, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


def test_a_second_start_raises_the_first_window(qtbot: QtBot, tmp_path: Path):
    first, second, elsewhere = OnlyWindow(tmp_path), OnlyWindow(tmp_path), OnlyWindow(tmp_path / "other")
    assert not first.raised_another()
    with qtbot.waitSignal(first.wanted):
        assert second.raised_another()
    assert not elsewhere.raised_another()
    first.close()
    assert not second.raised_another()
    second.close()
    elsewhere.close()


@pytest.mark.skipif(os.name == "nt", reason="sends signals as Linux does")
def test_the_program_starts_and_ends_cleanly_when_it_is_asked_to(own_folders: Path):
    with started(own_folders / "runs") as process:
        state = own_folders / "state"
        assert waits(lambda: (state / "crash.log").exists()), process.stderr
        assert waits(lambda: (own_folders / "runs" / "runs.sqlite3").exists())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr
        assert "Traceback" not in process.stderr.read()
    assert not (state / "crash.log").exists()
    assert read_json(state / "window.json", {}).get("geometry")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills a process as Linux does")
def test_the_demo_trains_and_its_run_outlives_a_killed_window(own_folders: Path):
    runs = own_folders / "runs"
    with started(runs, demo=True) as process:
        assert waits(lambda: any(whole_history(run)[0].scalars for run in all_runs(runs)), 120)
        process.kill()
        process.wait()
    (run,) = all_runs(runs)
    assert waits(lambda: whole_history(run)[1] == "finished", 120)
