"""A limited process ends by its limits, with all that it began, and takes nothing of the program along."""

import os
import select
import sys
from pathlib import Path

import pytest

from workbench.core import limited

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has only the clock")


def run(
    place: Path, code: str, *, memory: int = 2**30, seconds: int = 20, largest: int = 2**20, given: bytes = b""
) -> limited.Ended:
    script = place / "script.py"
    script.write_text(code, encoding="utf-8")
    return limited.run(script, "one", place=place, memory=memory, seconds=seconds, largest=largest, given=given)


def test_it_reads_what_it_is_given_or_leaves_it(tmp_path: Path) -> None:
    much = b"x" * 10**6
    assert run(tmp_path, "import sys; sys.exit(len(sys.stdin.read()) != 10**6)", given=much).code == 0
    assert run(tmp_path, "", given=much).code == 0


def test_it_runs_with_its_arguments_and_without_the_secrets_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", "secret")
    code = "import os, sys; print(sys.argv[1:], 'A_TOKEN' in os.environ, file=sys.stderr); sys.exit(7)"
    ended = run(tmp_path, code)
    assert (ended.code, ended.said.strip(), ended.is_late) == (7, "['one'] False", False)


def test_memory_and_room_to_write_end(tmp_path: Path) -> None:
    assert "MemoryError" in run(tmp_path, "bytearray(2**31)").said
    ended = run(tmp_path, "open('out', 'wb').write(bytes(2**22))")
    assert ended.code != 0
    assert (tmp_path / "out").stat().st_size <= 2**20
    assert len(run(tmp_path, "import sys; sys.stderr.write('a' * 100_000)").said) == 2000


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(100)", pytest.param("while True: pass", marks=pytest.mark.slow)]
)
def test_what_never_ends_is_killed(tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "_CLOCK", 1)
    ended = run(tmp_path, code, seconds=1)
    assert ended.is_late
    assert ended.code < 0


@pytest.mark.skipif(sys.platform != "linux", reason="waits for a process that is not its own")
def test_what_it_began_ends_with_it(tmp_path: Path) -> None:
    code = "import subprocess; open('pid', 'w').write(str(subprocess.Popen(['sleep', '100']).pid))"
    run(tmp_path, code)
    try:
        handle = os.pidfd_open(int((tmp_path / "pid").read_text()))
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], 20)[0]
    finally:
        os.close(handle)
