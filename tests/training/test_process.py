"""A trainer as a process of its own."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.training.runs import make_run
from workbench.core.run_reader import whole_history


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a program could answer")
def test_a_system_that_shuts_down_finds_everything_saved(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "training.epochs=100000")
    trainer = subprocess.Popen([sys.executable, "-m", "workbench.training", "--wait"], stdin=subprocess.PIPE)
    assert trainer.stdin
    with trainer, trainer.stdin:
        trainer.stdin.write(json.dumps({"run": str(folder.path)}).encode() + b"\n")
        trainer.stdin.flush()
        deadline = time.monotonic() + 60
        while folder.best_model() is None and trainer.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        asked = time.monotonic()
        trainer.send_signal(signal.SIGTERM)
        assert trainer.wait(timeout=10) == 0
        assert time.monotonic() - asked < 10
    assert whole_history(folder)[1] == "stopped"
    assert folder.newest_checkpoints()
