"""What a person installs has everything in it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_wheel_brings_its_resources(tmp_path: Path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("workbench-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    where = "from workbench.core import paths; print(paths.resources())"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    shown = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert Path(shown.stdout.decode().strip()) == installed / "workbench" / "resources"
    packed = {
        path.relative_to(installed / "workbench") for path in (installed / "workbench").rglob("*") if path.is_file()
    }
    assert not [path for path in packed if "__pycache__" in path.parts]
    tracked = subprocess.run(
        ["git", "ls-files", "resources"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    assert packed >= {Path(line) for line in tracked.splitlines()}
