"""Requests that come while others are answered are answered together: nobody waits for a batch to fill."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

Answer = Callable[[Sequence[Any]], Sequence[Any]]
_BRIEF = 0.002  # seconds: a hop to another thread and back costs a tenth of it, and nobody notices a turn so long


class QueueFull(Exception):
    """So many wait that another one would wait too long."""


@dataclass(eq=False)
class _Asked:
    """The items of one request, and what is known of their answers."""

    items: Sequence[Any]
    future: asyncio.Future[list[Any]]
    taken: int = 0
    answers: list[Any] = field(default_factory=list)

    def answered(self, answers: Sequence[Any]) -> None:
        """Take in the next answers; with the last of them, whoever asked is told."""
        self.answers += answers
        if len(self.answers) < len(self.items) or self.future.done():
            return
        error = next((each for each in self.answers if isinstance(each, Exception)), None)
        if error is None:
            self.future.set_result(self.answers)
        else:
            self.future.set_exception(error)


class Batcher:
    """Answers items, as many at once as wait, in the order they came.

    answer: takes a list of items and returns a list of answers, in which an exception belongs to its item alone. It is
    called in a thread of its own; while it has been quick, and for items of which `brief` says that they never take
    long to read, right in the event loop. most: items at once. waiting: items that may wait. told: called with how
    many are answered and how many wait.
    """

    def __init__(
        self,
        answer: Answer,
        most: int,
        waiting: int,
        told: Callable[[int, int], None] = lambda *_: None,
        brief: Callable[[Any], bool] = lambda item: False,
    ) -> None:
        self._answer, self._most, self._limit, self._told, self._brief = answer, most, waiting, told, brief
        self._asked: deque[_Asked] = deque()
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._task: asyncio.Task[None] | None = None
        self._seconds = _BRIEF  # that the last batch took

    async def ask(self, item: Any) -> Any:
        """Return the answer to one item, or raise what it raised; raises QueueFull at once when too many wait."""
        return (await self.ask_all([item]))[0]

    async def ask_all(self, items: Sequence[Any]) -> list[Any]:
        """Return the answers to some items, all of them or, where one fails, what it raised."""
        if self._waiting and self._waiting + len(items) > self._limit:  # alone, a large request is let in
            raise QueueFull
        if not items:
            return []
        loop = asyncio.get_running_loop()
        asked = _Asked(items, loop.create_future())
        self._asked.append(asked)
        self._waiting += len(items)
        if self._task is None:
            self._task = loop.create_task(self._work())
        return await asked.future

    async def _work(self) -> None:
        while self._asked:
            batch = self._next_batch()
            items = [item for _, part in batch for item in part]
            if not items:
                continue
            self._told(len(items), self._waiting)
            try:
                answers = await self._answers(items)
            except Exception as error:  # noqa: BLE001 - whatever it was, those who wait are told, and the others go on
                answers = [error] * len(items)
            except asyncio.CancelledError:
                for asked, _ in batch:
                    asked.future.cancel()
                raise
            begin = 0
            for asked, part in batch:
                asked.answered(answers[begin : begin + len(part)])
                begin += len(part)
        self._task = None

    def _next_batch(self) -> list[tuple[_Asked, Sequence[Any]]]:
        """Take what is answered next: requests, each with those of its items that are in the batch."""
        batch: list[tuple[_Asked, Sequence[Any]]] = []
        room = self._most
        while room and self._asked:
            first = self._asked[0]
            if first.future.done():  # whoever asked has gone
                self._waiting -= len(first.items) - first.taken
                self._asked.popleft()
                continue
            part = first.items[first.taken : first.taken + room]
            first.taken += len(part)
            room -= len(part)
            self._waiting -= len(part)
            batch.append((first, part))
            if first.taken == len(first.items):
                self._asked.popleft()
        return batch

    async def _answers(self, items: Sequence[Any]) -> Sequence[Any]:
        begun = perf_counter()
        try:
            if self._seconds < _BRIEF and all(map(self._brief, items)):
                return self._answer(items)
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, items)
        finally:
            self._seconds = perf_counter() - begun

    async def close(self) -> None:
        """Answer nothing more."""
        for asked in self._asked:
            asked.future.cancel()
        self._asked.clear()
        self._waiting = 0
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._thread.shutdown(wait=False, cancel_futures=True)
