"""Imports point the way the layers allow, and the rules that say so can fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMAND = [
    sys.executable,
    "-c",
    "from importlinter.cli import lint_imports_command; lint_imports_command()",
    "--no-cache",
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(COMMAND, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_imports_keep_to_the_layers():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/words.py", "import torch", "The core knows neither torch nor Qt"),
        ("core/words.py", "from PySide6.QtCore import QObject", "The core knows neither torch nor Qt"),
        ("core/words.py", "import workbench.recipe", "Imports point down"),
        ("networks/layers.py", "import workbench.optimizers", "Imports point down"),
        ("data/idx.py", "import workbench.schedules", "Imports point down"),
        ("another.py", "", "Imports point down"),
        ("training/__init__.py", "import pyqtgraph", "Only the window knows Qt"),
        ("cli.py", "import PySide6.QtWidgets", "The command line leaves Qt to the window"),
        ("gui/theme.py", "import torch", "The window imports the core alone, and asks the engine by name"),
        ("gui/theme.py", "import workbench.engine", "The window imports the core alone, and asks the engine by name"),
        ("gui/theme.py", "import workbench.training", "The window imports the core alone, and asks the engine by name"),
    ],
)
def test_every_rule_can_fail(tmp_path: Path, module: str, line: str, contract: str):
    shutil.copytree(ROOT / "workbench", tmp_path / "workbench", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "workbench" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    result = lint(tmp_path)
    assert result.returncode != 0
    found = " ".join(result.stdout.split())
    assert f"{contract} BROKEN" in found or (module == "another.py" and "workbench.another" in found), found
