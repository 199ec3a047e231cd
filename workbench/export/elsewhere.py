"""A process that cannot see this program: what an export is worth without it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 600.0  # seconds
_BLOCKED = """
import sys
sys.modules["workbench"] = None  # it must do without
sys.path.insert(0, ".")
"""


@dataclass(frozen=True)
class Done:
    """What a process said; complaint: why it failed, or an empty text."""

    complaint: str
    output: str


def run_elsewhere(source: str, folder: Path, *arguments: str) -> Done:
    """Run a program in `folder`, where nothing that is compiled stays, and return what came of it."""
    command = [sys.executable, "-B", "-c", _BLOCKED + source, *arguments]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return Done(f"it took more than {_PATIENCE:.0f} s", "")
    return Done(done.stderr[-2000:] if done.returncode else "", done.stdout)
