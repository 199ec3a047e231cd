"""A process that cannot see this program: what an export is worth without it."""

import subprocess
import sys
from pathlib import Path

_PATIENCE = 600.0  # seconds
_BLOCKED = """
import sys
sys.modules["workbench"] = None  # it must do without
sys.path.insert(0, ".")
"""


def run_elsewhere(source: str, folder: Path, *arguments: str) -> str:
    """Run a program in `folder`, where nothing that is compiled stays, and return why it failed, or an empty text."""
    command = [sys.executable, "-B", "-c", _BLOCKED + source, *arguments]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {_PATIENCE:.0f} s"
    return (done.stderr[-2000:] or f"it ended with {done.returncode}") if done.returncode else ""
