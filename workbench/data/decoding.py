"""Decoding many images over several processes, with progress, and without losing the rest to one that is damaged."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.processors import cores
from workbench.core.words import Words
from workbench.data import decode_worker
from workbench.data.dataset import Progress, ProgressCallback

FEW = 2000  # images up to which starting processes costs more than it gains
_FEW_BYTES = 20_000_000
_CHUNK = 64  # images a process is given at a time: some milliseconds, so that progress moves and cancelling is quick
_MOST_PROCESSES = 16
_REPORT_EVERY = 0.2  # seconds
_CRASHED = Words("It made the decoder crash.")


@dataclass
class Outcome:
    """What came of it: rows that could not be read, with the reason, and how often something was done to an image."""

    failed: dict[int, Words] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    def add(self, answer: dict[str, Any]) -> None:
        """Take in the answer of a worker."""
        for row, error in answer["failed"]:
            self.failed[row] = UserError.from_plain(error).message
        for note, count in answer["notes"].items():
            self.notes[note] = self.notes.get(note, 0) + count


@dataclass(frozen=True)
class _Chunk:
    begin: int
    end: int
    contents: list[bytes] | None


def processes_for(count: int, size: int) -> int:
    """Return how many processes decode `count` images of `size` bytes together; 0 means this one."""
    if count <= FEW and size <= _FEW_BYTES:
        return 0
    return min(cores(), _MOST_PROCESSES, max(1, count // _CHUNK))


def decode(
    plan: dict[str, Any],
    count: int,
    stream: Iterator[bytes] | None,
    progress: ProgressCallback,
    *,
    stage: Words,
    processes: int,
) -> Outcome:
    """Do the rows 0…count of `plan`, which `decode_worker.Job` explains, in this process or in others.

    stream: the contents of the files in order, when processes cannot reach them. What progress raises stops everything.
    """
    chunks = _chunks(count, stream, processes)
    outcome = Outcome()
    told = _Told(progress, stage, count)
    if not processes:
        job = decode_worker.Job(plan)
        try:
            for chunk in chunks:
                outcome.add(job.done(chunk.begin, chunk.end, chunk.contents))
                told.more(chunk.end - chunk.begin)
        finally:
            job.close()
    else:
        _Crew(plan, processes, chunks).work(outcome, told.more)
    return outcome


class _Told:
    """Reports progress a few times a second, and at the end."""

    def __init__(self, progress: ProgressCallback, stage: Words, total: int) -> None:
        self._progress, self._stage, self._total = progress, stage, total
        self._done = 0
        self._next = time.monotonic() + _REPORT_EVERY
        progress(Progress(stage, 0, total))

    def more(self, rows: int) -> None:
        self._done += rows
        if time.monotonic() >= self._next or self._done == self._total:
            self._next = time.monotonic() + _REPORT_EVERY
            self._progress(Progress(self._stage, self._done, self._total))


def _chunks(count: int, stream: Iterator[bytes] | None, processes: int) -> Iterator[_Chunk]:
    step = _CHUNK if processes else 16
    for begin in range(0, count, step):
        end = min(begin + step, count)
        yield _Chunk(begin, end, None if stream is None else [next(stream, b"") for _ in range(begin, end)])


class _Crew:
    """Worker processes, each with a thread that hands it chunks and waits for its answers."""

    def __init__(self, plan: dict[str, Any], processes: int, chunks: Iterator[_Chunk]) -> None:
        self._plan = json.dumps(plan).encode() + b"\n"
        self._chunks = chunks
        self._again: deque[_Chunk] = deque()  # single images of a chunk in which a process died
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._answers: queue.Queue[tuple[_Chunk | None, dict[str, Any] | BaseException | None]] = queue.Queue()
        self._living: set[subprocess.Popen[bytes]] = set()
        self._processes = processes

    def work(self, outcome: Outcome, report: Callable[[int], None]) -> None:
        """Do all chunks; whatever is raised, no process is left behind."""
        threads = [threading.Thread(target=self._attend, daemon=True) for _ in range(self._processes)]
        for thread in threads:
            thread.start()
        working = len(threads)
        try:
            while working:
                try:
                    chunk, answer = self._answers.get(timeout=_REPORT_EVERY)
                except queue.Empty:
                    report(0)  # a cancel gets through, however long one image takes
                    continue
                if chunk is None:
                    working -= 1
                    if isinstance(answer, BaseException):
                        raise answer
                elif isinstance(answer, dict):
                    outcome.add(answer)
                    report(chunk.end - chunk.begin)
                else:  # the process died on a single image
                    outcome.failed[chunk.begin] = _CRASHED
                    report(1)
        finally:
            self._ended.set()
            with self._lock:
                for process in self._living:
                    process.kill()
            for thread in threads:
                thread.join()

    def _attend(self) -> None:
        """Keep one process busy until no chunk is left; starts another one when it dies."""
        ending: BaseException | None = None
        process: subprocess.Popen[bytes] | None = None
        answered = True
        try:
            while not self._ended.is_set() and (chunk := self._next()):
                if process is None:
                    if not answered and chunk.end - chunk.begin > 1:
                        raise RuntimeError("decoding processes end as soon as they start")
                    process = self._started()
                    answered = False
                answer = _asked(process, chunk)
                if answer is None:
                    self._retire(process)
                    process = None
                    self._divide(chunk)
                else:
                    answered = True
                    self._answers.put((chunk, answer))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            ending = error
        finally:
            if process is not None:
                self._retire(process)
            self._answers.put((None, ending))

    def _next(self) -> _Chunk | None:
        with self._lock:
            return self._again.popleft() if self._again else next(self._chunks, None)

    def _divide(self, chunk: _Chunk) -> None:
        if self._ended.is_set():
            return
        if chunk.end - chunk.begin == 1:
            self._answers.put((chunk, None))
            return
        with self._lock:
            for row in range(chunk.begin, chunk.end):
                contents = None if chunk.contents is None else [chunk.contents[row - chunk.begin]]
                self._again.append(_Chunk(row, row + 1, contents))

    def _started(self) -> "subprocess.Popen[bytes]":
        # -P: the folder of the script holds modules of ours that nobody should take for others
        command = [sys.executable, "-P", "-X", "utf8", str(Path(decode_worker.__file__))]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        with self._lock:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                creationflags=flags,
            )
            self._living.add(process)
        _send(process, self._plan)
        return process

    def _retire(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            self._living.discard(process)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was still to be sent has no reader any more
        process.kill()
        process.wait()


def _send(process: "subprocess.Popen[bytes]", data: bytes) -> bool:
    assert process.stdin
    try:
        process.stdin.write(data)
        process.stdin.flush()
    except OSError:
        return False
    return True


def _asked(process: "subprocess.Popen[bytes]", chunk: _Chunk) -> dict[str, Any] | None:
    """Return the answer of a process about a chunk, or None when it has died."""
    assert process.stdout
    request: dict[str, Any] = {"begin": chunk.begin, "end": chunk.end}
    if chunk.contents is not None:
        request["sizes"] = [len(content) for content in chunk.contents]
    if not _send(process, json.dumps(request).encode() + b"\n" + b"".join(chunk.contents or ())):
        return None
    line = process.stdout.readline()
    return json.loads(line) if line.endswith(b"\n") else None
