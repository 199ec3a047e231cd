"""A trainer as a process, `python -m workbench.training --wait`: ready, and waiting for a run on standard input.

One line of JSON, {"run": folder, "set": ["training.epochs=20"]}, starts the training. It then goes on whether or not
the window that started it lives; without a line it ends when its input does. Exit code: 0 done, 1 failed.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.events import Failed
from workbench.core.processes import give_way
from workbench.core.run_folder import RunFolder
from workbench.training.warm import warm_up
from workbench.training.worker import train_run


def main() -> int:
    """Wait for a run, train it, and return the exit code."""
    give_way()
    warm_up()
    line = sys.stdin.readline()
    if not line.strip():
        return 0
    plain = json.loads(line)
    folder = RunFolder(Path(plain["run"]))
    _print_into(folder.path / "log.txt")
    # A system that shuts down asks programs to end: as at a press of Stop, everything is saved first.
    signal.signal(signal.SIGTERM, lambda *_: folder.write_wish("stop"))
    try:
        ending = train_run(folder, plain.get("set", []))
    except UserError as error:  # before there was an attempt to write it into
        sys.stderr.write(f"{error} {error.hint}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        raise
    return 1 if isinstance(ending, Failed) else 0


def _print_into(path: Path) -> None:
    """Let everything that is printed go to a file: a pipe would fill up when nobody reads it."""
    sys.stdout.flush()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (handle, 1), (handle, 2)):
        os.dup2(source, target)


if __name__ == "__main__":
    sys.exit(main())
