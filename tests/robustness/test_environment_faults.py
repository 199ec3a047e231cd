"""Faults of what the program is started in, by their numbers: what is said, and with which exit code."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.gui.test_main_window import Open, find
from workbench.cli import main
from workbench.commands import requirements, system
from workbench.core.errors import UserError
from workbench.core.files import read_json
from workbench.engine import ask
from workbench.gui.engine_client import Jobs
from workbench.gui.jobs import Trainings

ROOT = Path(__file__).parents[2]


def started(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workbench", *arguments]
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return subprocess.run(command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=100)


def test_e1_without_a_gpu_the_reason_is_named_and_the_processor_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    found = ask("devices.list")
    assert [device["name"] for device in found["devices"]] == ["cpu"]
    assert found["why"]["template"]


def test_e1_the_train_page_says_why_no_gpu_is_used(
    open_window: Open, soon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Jobs, "warm", lambda self: None)
    monkeypatch.setattr(Trainings, "warm", lambda self: None)
    window = open_window()
    soon(lambda: window.behind.devices)
    form = window.workspace.train.settings.form
    assert form is not None
    assert form.caption("device") == "No GPU."
    assert find(window, "form.training.device").currentText()


@pytest.mark.parametrize(
    ("name", "version", "needed"),
    [
        ("torch", "2.9.1", "<2.14,>=2.11"),
        ("pyside6-essentials", "6.12.0", "<6.12"),
        ("transformers", "4.57.0", ">=5.3"),
    ],
)
def test_e2_a_bad_pair_of_packages_is_refused_with_what_mends_it(
    name: str, version: str, needed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda asked: version if asked.lower() == name else real(asked))
    monkeypatch.setattr(system, "has_display", lambda: True)
    assert main([]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"The installed packages do not go together: {name} {version}" in said
    assert needed in said
    assert f'-m pip install "{name}' in said


def test_e2_two_halves_of_qt_must_be_one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda asked: "6.9.0" if asked == "shiboken6" else real(asked))
    assert ("shiboken6", "6.9.0", f"=={real('PySide6-Essentials')}") in requirements.mismatches()


def test_e2_what_goes_together_is_looked_at_once(monkeypatch: pytest.MonkeyPatch, own_folders: Path) -> None:
    requirements.require_packages()
    monkeypatch.setattr(requirements, "mismatches", lambda: [("torch", "1", ">=2")])
    requirements.require_packages()  # nothing was installed since
    monkeypatch.setattr(requirements, "_stamp", lambda: "something was installed")
    with pytest.raises(UserError):
        requirements.require_packages()


def test_e3_without_a_display_the_way_on_is_said_on_stderr(own_folders: Path) -> None:
    done = started({"HOME": str(own_folders)})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("There is no display, so no window can be shown. Without one, workbench --demo")


def test_e3_a_home_that_cannot_be_written_to_is_named_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    done = started({"HOME": str(tmp_path / "home"), "QT_QPA_PLATFORM": "offscreen"})
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert f"The folder of runs {tmp_path / 'home' / '.local'}" in said
    assert "cannot be written to: Not a directory. Choose another folder with --runs" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_e3_in_the_c_locale_a_run_trains_and_its_files_are_utf_8(tmp_path: Path) -> None:
    (tmp_path / "训练").mkdir()
    runs = tmp_path / "训练" / "runs"
    done = started(
        {"HOME": str(tmp_path), "LC_ALL": "C", "OMP_NUM_THREADS": "1"},
        "train", "resources/recipes/digits.toml", "--set", "training.epochs=1", "--runs", str(runs),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = [path for path in runs.iterdir() if path.is_dir()]
    assert read_json(run / "environment.json", {})["workbench"]
