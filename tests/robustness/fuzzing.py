"""Readers given thousands of damaged files, each batch in a process of its own, so that a crash is seen and counted.

python -m tests.robustness.fuzzing GOAL FIRST COUNT SEED FOLDER     the process that reads
python -m tests.robustness.fuzzing keep GOAL CASE SEED              add a case that failed to the corpus

What ever failed lies in corpus/GOAL as NUMBER-NAME, and is read before anything else each time the goal is tried.
"""

import importlib
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.robustness import goals
from tests.robustness.goal import Found, Goal
from tests.robustness.mutate import mutated

CORPUS = Path(__file__).with_name("corpus")
_BATCH = 20_000  # cases of one process
_LONGEST = 5.0  # seconds of the processor that one file may take
_STUCK = 60.0  # seconds of the clock after which a process is killed, on a machine that does other things too
_BEGIN = 120.0  # seconds until the first, imports and seeds included
_ROOM = 200 * 2**20  # bytes that reading may take beyond twice the file
_STATE = struct.Struct("<qq")  # the case that is read, and how many are done
_CODE_RUN = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "pty.spawn", "os.startfile")
_REACHING_OUT = ("socket.connect", "socket.bind", "urllib.Request", "pickle.find_class", "ctypes.dlopen", "os.remove",
                 "shutil.rmtree", "webbrowser.open")  # fmt: skip


@dataclass(frozen=True)
class Fuzz:
    """What is damaged, and who reads it.

    seeds: given an empty folder, sound files by name. read: takes the name, the damaged content and a folder of its
    own; may raise what is in `allowed`, and nothing else.
    """

    seeds: Callable[[Path], dict[str, bytes]]
    read: Callable[[str, bytes, Path], Any]
    allowed: tuple[type[BaseException], ...]
    harmless: Sequence[str] = field(default=())  # audit events that this reader has reason to cause
    may_end: tuple[
        str, ...
    ] = ()  # what a process says that may end by such a file, because the program has one to spare for it


def fuzzing_goal(title: str, name: str, quick: int, release: int) -> Goal:
    """Return the goal of goals/<name>.py, which has a FUZZ."""
    return Goal(title, quick, release, lambda times, seed, place: _tried(name, times, seed, place))


def _tried(name: str, times: int, seed: int, place: Path) -> Found:
    found, spared = Found(), 0
    fuzz: Fuzz = importlib.import_module(f"{goals.__name__}.{name}").FUZZ
    begun = time.monotonic()
    place.mkdir(exist_ok=True)
    state = place / "state"
    while found.tried < times and len(found.failures) < 20:
        state.write_bytes(bytes(_STATE.size))
        count = min(_BATCH, times - found.tried)
        ended, done, said = _batch(name, found.tried, count, seed, place)
        found.failures += said
        if ended == "" and done == count:
            found.tried += done
            continue
        found.tried += done + 1
        if any(said in ended for said in fuzz.may_end):
            spared += 1
            found.figures["processes that ended by a file"] = f"{spared:,}"
            continue
        found.failures.append(f"case {found.tried - 1} of seed {seed}: {ended or 'it ended too early'}")
    found.figures["files a second"] = f"{found.tried / max(time.monotonic() - begun, 1e-9):,.0f}"
    return found


def _batch(name: str, first: int, count: int, seed: int, place: Path) -> tuple[str, int, list[str]]:
    """Return how one process ended, "" for well, how many cases were done, and what went wrong in them."""
    command = [sys.executable, "-m", "tests.robustness.fuzzing", name, str(first), str(count), str(seed), str(place)]
    with (place / "said").open("w+b") as said, subprocess.Popen(command, stdout=said, stderr=said) as child:
        ended = _watched(child, place / "state")
        child.wait()
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    _, done = _STATE.unpack((place / "state").read_bytes())
    failures = [line.removeprefix("FAILED ") for line in text.splitlines() if line.startswith("FAILED ")]
    if not ended and child.returncode:
        ended = f"the process ended with {child.returncode}: {_last_words(text)}"
    return ended, done, failures


def _last_words(text: str) -> str:
    """Return the line with the reason, without the stack below it."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("FAILED ")]
    reason = [line for line in lines if line.startswith(("memory allocation of", "thread ", "Fatal"))]
    return (reason or lines[-1:] or [""])[0][:300]


def _watched(child: "subprocess.Popen[bytes]", state: Path) -> str:
    """Wait for the process; kill it, and return why, when one file takes too long."""
    last, since, patience = -1, time.monotonic(), _BEGIN
    while True:
        try:
            child.wait(0.25)
        except subprocess.TimeoutExpired:
            case, _ = _STATE.unpack(state.read_bytes())
            if case != last:
                last, since, patience = case, time.monotonic(), _STUCK
            elif time.monotonic() - since > patience:
                child.kill()
                return f"it took more than {patience:.0f} s"
        else:
            return ""


def _keep(name: str, case: int, seed: int) -> None:
    """Write the damaged file of a case into the corpus, for a reader that was mended to meet it again."""
    fuzz: Fuzz = importlib.import_module(f"{goals.__name__}.{name}").FUZZ
    with tempfile.TemporaryDirectory() as place:
        seeds = fuzz.seeds(Path(place))
    which, content = _damaged(name, list(seeds.values()), case, str(seed))
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    title = list(seeds)[which].replace("/", "+")
    (folder / f"{len(list(folder.iterdir())):03}-{title}").write_bytes(content)


def _kept(name: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield each file of a goal's corpus: what it is called there, the name under which it is read, its content."""
    folder = CORPUS / name
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        yield path.name, path.name.partition("-")[2].replace("+", "/"), path.read_bytes()


def _damaged(name: str, contents: list[bytes], case: int, seed: str) -> tuple[int, bytes]:
    """Return which of the sound files a case damages, and what that leaves of it."""
    chance = Random(f"{name} {seed} {case}")
    which = chance.randrange(len(contents))
    return which, mutated(contents[which], contents, chance)


def main() -> None:
    """Read damaged files, and print a line for each that did what none may."""
    name, first, count, seed, place = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], Path(sys.argv[5])
    fuzz: Fuzz = importlib.import_module(f"{goals.__name__}.{name}").FUZZ
    own = place / "own"
    own.mkdir(exist_ok=True)
    for variable in ("WORKBENCH_RUNS", "WORKBENCH_CACHE", "WORKBENCH_STATE"):
        os.environ[variable] = str(own / variable.lower())
    seeds = fuzz.seeds(own)
    for title, content in seeds.items():
        fuzz.read(title, content, own)  # sound files are read: whoever refuses all is not tried at all
    watch = _Watch(own, fuzz.harmless)
    sys.addaudithook(watch.heard)
    names, contents = list(seeds), list(seeds.values())
    with (place / "state").open("r+b") as file, mmap.mmap(file.fileno(), _STATE.size) as state:
        for title, kept, content in _kept(name) if first == 0 else ():
            for failure in _read(fuzz, kept, content, own, watch):
                sys.stdout.write(f"FAILED {title} of the corpus: {failure}\n")
                sys.stdout.flush()
        for done, case in enumerate(range(first, first + count)):
            _STATE.pack_into(state, 0, case, done)
            which, content = _damaged(name, contents, case, seed)
            for failure in _read(fuzz, names[which], content, own, watch):
                sys.stdout.write(f"FAILED case {case} of seed {seed} ({names[which]}): {failure}\n")
                sys.stdout.flush()
        _STATE.pack_into(state, 0, first + count, count)


def _read(fuzz: Fuzz, name: str, content: bytes, own: Path, watch: "_Watch") -> list[str]:
    failures = []
    watch.effects.clear()
    before, begun = _most_memory(), time.process_time()
    try:
        watch.is_on = True
        fuzz.read(name, content, own)
    except fuzz.allowed:
        pass
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what this looks for
        at = traceback.extract_tb(error.__traceback__)[-1]
        failures.append(f"{type(error).__name__}: {str(error)[:150]!r} at {Path(at.filename).name}:{at.lineno}")
    finally:
        watch.is_on = False
    took, grown = time.process_time() - begun, _most_memory() - before
    if took > _LONGEST:
        failures.append(f"it took {took:.1f} s")
    if grown > 2 * len(content) + _ROOM:
        failures.append(f"it took {grown >> 20} MB of memory")
    return failures + [f"it did {effect}" for effect in sorted(watch.effects)]


def _most_memory() -> int:
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class _Watch:
    """Hears what the process does, and notes what no reader of files may do."""

    def __init__(self, own: Path, harmless: Sequence[str]) -> None:
        self.is_on = False
        self.effects: set[str] = set()
        self._own = str(own)
        self._wrong = {*_CODE_RUN, *_REACHING_OUT} - set(harmless)

    def heard(self, event: str, values: tuple[Any, ...]) -> None:
        """Note a forbidden event, or a file opened for writing outside of the folder."""
        if not self.is_on:
            return
        if event in self._wrong:
            self.effects.add(f"{event} {str(values)[:80]}")
        elif event == "open" and isinstance(values[1], str) and set(values[1]) & set("wax+"):
            path = os.fsdecode(values[0]) if isinstance(values[0], str | bytes) else ""
            if path and not os.path.abspath(path).startswith(self._own):
                self.effects.add(f"write {path[:80]}")


if __name__ == "__main__":
    if sys.argv[1] == "keep":
        _keep(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
