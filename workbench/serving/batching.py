"""Requests that come while others are answered are answered together: nobody waits for a batch to fill."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

Answer = Callable[[Sequence[Any]], Sequence[Any]]


class QueueFull(Exception):
    """So many wait that another one would wait too long."""


class Batcher:
    """Answers items in one thread, as many at once as wait, in the order they came.

    answer: takes a list of items and returns a list of answers, in which an exception belongs to its item alone. most:
    items at once. waiting: items that may wait. told: called with how many are answered and how many wait.
    """

    def __init__(
        self, answer: Answer, most: int, waiting: int, told: Callable[[int, int], None] = lambda *_: None
    ) -> None:
        self._answer, self._most, self._limit, self._told = answer, most, waiting, told
        self._waiting: deque[tuple[Any, asyncio.Future[Any]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._task: asyncio.Task[None] | None = None

    async def ask(self, item: Any) -> Any:
        """Return the answer to one item, or raise what it raised; raises QueueFull at once when too many wait."""
        return (await self.ask_all([item]))[0]

    async def ask_all(self, items: Sequence[Any]) -> list[Any]:
        """Return the answers to some items, all of them or, where one fails, what it raised."""
        if self._waiting and len(self._waiting) + len(items) > self._limit:  # alone, a large request is let in
            raise QueueFull
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Any]] = [loop.create_future() for _ in items]
        self._waiting.extend(zip(items, futures, strict=True))
        if self._task is None:
            self._task = loop.create_task(self._work())
        done = await asyncio.gather(*futures, return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException):
                raise each
        return list(done)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            asked = [(item, future) for item, future in taken if not future.cancelled()]
            if not asked:
                continue
            self._told(len(asked), len(self._waiting))
            try:
                answers = await loop.run_in_executor(self._thread, self._answer, [item for item, _ in asked])
            except Exception as error:  # noqa: BLE001 - whatever it was, those who wait are told, and the others go on
                answers = [error] * len(asked)
            for (_, future), answer in zip(asked, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
        self._task = None

    async def close(self) -> None:
        """Answer nothing more."""
        for _, future in self._waiting:
            future.cancel()
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._thread.shutdown(wait=False, cancel_futures=True)
