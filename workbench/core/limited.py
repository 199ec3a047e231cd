"""A script of the program that reads what strangers made, in a process with little memory, time and room to write.

This file is also that process: `python limited.py MEMORY SECONDS LARGEST SCRIPT ARGUMENT…`. What crashes it, fills it
or never ends in it leaves the program as it was.
"""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_KNOWN = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TMPDIR", "TEMP")  # of the environment; secrets are not among them
_SAID = 2000  # characters of its last words
_CLOCK = 4  # times the processor's time: that the machine is busy is no fault of the file
_OUT_OF_TIME = -getattr(signal, "SIGXCPU", 1000)  # how it ends that used up its processor time; not on Windows


@dataclass(frozen=True)
class Ended:
    """How such a process ended. code: its exit code, or below 0 the signal; is_late: it was killed for its time."""

    code: int
    said: str
    is_late: bool


def run(
    script: Path, *arguments: str, place: Path, memory: int, seconds: int, largest: int, given: bytes = b""
) -> Ended:
    """Run `script` in `place` with these limits, and return how it ended; none of it is alive afterwards.

    given: what it reads on its standard input. memory: bytes of address space. seconds: of its processor, and four
    times as many of the clock. largest: bytes of a file that it writes.
    """
    limits = [str(memory), str(seconds), str(largest)]
    command = [sys.executable, "-I", str(Path(__file__).resolve()), *limits, str(script.resolve()), *arguments]
    environment = {name: os.environ[name] for name in _KNOWN if name in os.environ}
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            command, env=environment, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said,
            start_new_session=True,
        )  # fmt: skip
        is_late = False
        try:
            child.communicate(given, _CLOCK * seconds)
        except subprocess.TimeoutExpired:
            is_late = True
        finally:
            _kill(child)
        said.seek(max(0, said.seek(0, os.SEEK_END) - _SAID))
        last = said.read()
        return Ended(child.returncode, last.decode("utf-8", "replace"), is_late or child.returncode == _OUT_OF_TIME)


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """End the process and all that it began, whether or not it lives."""
    if sys.platform == "win32":
        child.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin is not None:
        with suppress(OSError):  # what it did not read
            child.stdin.close()


def _limit(memory: int, seconds: int, largest: int) -> None:
    """Hold this process to its limits; on Windows there is only the clock of the parent."""
    with suppress(ImportError):
        import resource

        most = {"RLIMIT_AS": memory, "RLIMIT_FSIZE": largest, "RLIMIT_CORE": 0}
        for name, value in most.items():
            resource.setrlimit(getattr(resource, name), (value, value))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


if __name__ == "__main__":
    import runpy

    _limit(*map(int, sys.argv[1:4]))
    sys.argv[:] = sys.argv[4:]
    runpy.run_path(sys.argv[0], run_name="__main__")
