"""The engine as a process: one question a line on standard input, answers as lines on standard output.

{"id", "name", "arguments"} is answered by {"id", "answer"} or {"id", "error"}, and a job reports {"id", "progress"}
on the way. The process ends when its input does, after answering what was asked, unless nobody is left to hear it.
"""

import json
import multiprocessing
import os
import queue
import select
import signal
import sys
import threading
import time
import traceback
from typing import IO, Any

from workbench.core import words
from workbench.core.errors import UserError
from workbench.core.events import finite
from workbench.core.processes import give_way
from workbench.core.words import Words
from workbench.engine import ask

_REPORT_SECONDS = 0.05  # reports come no faster than a person can see them


class Answers:
    """The real standard output; everything that libraries print goes to standard error instead."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._reported = ("", 0.0)

    def write(self, number: Any, **content: Any) -> None:
        """Write one line; ends the process when nobody reads any more."""
        line = json.dumps({"id": number, **finite(content)}, ensure_ascii=False, allow_nan=False, default=str)
        try:
            self.file.write(line.encode("utf-8", "replace") + b"\n")
            self.file.flush()
        except OSError:
            end_now()

    def report(self, number: Any, stage: Words, done: int, total: int) -> None:
        """Write a report, unless one of the same stage has just gone out; the last of a stage always does."""
        now = time.monotonic()
        template, at = self._reported
        if template == stage.template and now - at < _REPORT_SECONDS and done != total:
            return
        self._reported = (stage.template, now)
        self.write(number, progress={"stage": words.to_plain(stage), "done": int(done), "total": int(total)})


def main() -> None:
    """Answer questions until there are no more."""
    give_way()
    answers = Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # so that no library can print into the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the window's to handle
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines, answers), name="questions", daemon=True).start()
    while line := lines.get():
        if line.strip():
            _answer(line, answers)


def _listen(lines: "queue.SimpleQueue[bytes]", answers: Answers) -> None:
    """Queue each line of standard input and an empty one at its end; then watch whether the answers are still read."""
    with os.fdopen(os.dup(0), "rb") as questions:
        for line in questions:
            lines.put(line)
    lines.put(b"")
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(answers.file.fileno(), 0)  # tells errors alone: the reading end is closed
        poll.poll()
        end_now()


def _answer(line: bytes, answers: Answers) -> None:
    number = None
    try:
        number, name, arguments = _question(line)
        answer = ask(name, arguments, lambda stage, done, total: answers.report(number, stage, done, total))
        answers.write(number, answer=answer)
    except UserError as error:
        answers.write(number, error=error.to_plain())
    except Exception as error:  # noqa: BLE001 - whatever happens here, the window hears of it and the engine goes on
        shown = UserError(
            "Something unexpected went wrong: {reason}.",
            details=traceback.format_exc(),
            reason=f"{type(error).__name__}: {error}".rstrip(". "),
        )
        answers.write(number, error=shown.to_plain())


def _question(line: bytes) -> tuple[Any, str, dict[str, Any]]:
    try:
        plain = json.loads(line)
        return plain["id"], str(plain["name"]), dict(plain.get("arguments") or {})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        shown = line[:80].decode("utf-8", "replace").strip()
        raise UserError("The engine cannot read this question: {line}", details=repr(error), line=shown) from None


def end_now() -> None:
    """End this process and the ones it started, without waiting for anything."""
    for child in multiprocessing.active_children():
        child.terminate()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
