"""A trainer process: started early so that it is warm, told once which run to train, and alive beyond the window."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.gui.line_process import ROOT

TRAINER = (sys.executable, "-m", "workbench.training", "--wait")
_DETAILS = 4_000  # characters of its output that an error carries along


class Trainer:
    """One process that waits on its standard input, and ends when that closes before a run has come."""

    def __init__(self, command: Sequence[str] = TRAINER) -> None:
        """Raises OSError when no process can be started."""
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        windows = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                start_new_session=os.name != "nt",
                creationflags=windows,
            )
        except OSError:
            self._output.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def train(self, folder: RunFolder, assignments: Sequence[str] = ()) -> None:
        """Tell it to train this run, whatever the run needs; raises UserError when it is not there any more."""
        line = json.dumps({"run": str(folder.path), "set": list(assignments)}) + "\n"
        assert self._process.stdin, "it was started with a pipe"
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.close()
        except OSError as error:
            raise UserError(
                "The trainer could not be started.", hint="The details say why.", details=self.output() or str(error)
            ) from error

    def kill(self) -> None:
        """End it and its helpers at once, whatever they do."""
        end_trainer(self.pid)

    def output(self) -> str:
        """Return the end of what it wrote before it knew its run."""
        size = self._output.seek(0, os.SEEK_END)
        self._output.seek(max(0, size - _DETAILS))
        return self._output.read().decode("utf-8", "replace").strip()

    def how_it_ended(self) -> str:
        """Return how the process ended, for the details of a message."""
        code = self._process.poll()
        if code is None:
            return ""
        if code < 0:
            try:
                return f"ended by {signal.Signals(-code).name}"
            except ValueError:
                return f"ended by signal {-code}"
        return f"ended with exit code {code}"

    def let_go(self) -> None:
        """Leave it to itself: it trains on when this process ends."""
        self._close()
        if self._process.returncode is None:
            self._process.returncode = 0  # nobody waits for it any more, and that is meant

    def end(self) -> None:
        """End it at once; only for one that has no run."""
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        for file in (self._process.stdin, self._output):
            if file:
                try:
                    file.close()
                except OSError:
                    continue  # the other end is gone already


def end_trainer(pid: int) -> bool:
    """End the trainer with this process number and its helpers at once; return whether there was one."""
    import psutil  # needed once in a while, and the window should open at once

    try:
        process = psutil.Process(pid)
        if not any("workbench" in part or "trainer" in part for part in process.cmdline()):
            return False  # the number belongs to something else by now
        for one in [*process.children(recursive=True), process]:
            one.kill()
    except (psutil.Error, ValueError):
        return False
    return True


class WarmTrainer:
    """Keeps one trainer ready, so that a run begins at once."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._ready: Trainer | None = None

    def prepare(self) -> None:
        """Start a trainer that waits, unless there is one."""
        self._drop_if_dead()
        if self._ready is None:
            try:
                self._ready = Trainer(self._command)
            except OSError:
                return  # it is started again, and complained about, when a run needs it

    def take(self) -> Trainer:
        """Return the trainer that is ready, or else a new one; raises OSError when none can be started."""
        self._drop_if_dead()
        ready, self._ready = self._ready, None
        return ready or Trainer(self._command)

    def end(self) -> None:
        """End the trainer that is ready."""
        if self._ready is not None:
            self._ready.end()
            self._ready = None

    def _drop_if_dead(self) -> None:
        if self._ready is not None and not self._ready.is_running():
            self._ready.let_go()
            self._ready = None
