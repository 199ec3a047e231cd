"""Making inputs ready in several threads while the network computes what came before them.

Threads are enough for files of images: decoding leaves the interpreter to the others.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

from workbench.core.processors import cores

_FEW = 4  # things for which no thread is started
Given = TypeVar("Given")
Made = TypeVar("Made")


def batches(
    items: Iterable[Given], size: int, make: Callable[[Given], Made], *, ahead: Callable[[Given], bool]
) -> Generator[tuple[Sequence[Given], list[Made]], None, None]:
    """Yield up to `size` items at a time, with what `make` returns for each of them, in order.

    ahead: whether an item may be made in another thread, which happens while the batch before it is in use. What `make`
    raises is raised here.
    """
    begin = list(islice(waiting := iter(items), _FEW + 1))
    waiting = chain(begin, waiting)
    if len(begin) <= _FEW or not any(map(ahead, begin)):
        while batch := list(islice(waiting, size)):
            yield batch, [make(item) for item in batch]
        return
    threads = ThreadPoolExecutor(cores(), "decoding")

    def begun(batch: list[Given]) -> tuple[list[Given], list[Future[Made]]]:
        return batch, [threads.submit(make, item) if ahead(item) else _at_once(make, item) for item in batch]

    coming: deque[tuple[list[Given], list[Future[Made]]]] = deque()
    enough = -(-2 * cores() // size)  # batches, so that no thread waits for the next one
    try:
        while True:
            while len(coming) <= enough and (following := list(islice(waiting, size))):
                coming.append(begun(following))
            if not coming:
                return
            batch, futures = coming.popleft()
            yield batch, [future.result() for future in futures]
    finally:
        threads.shutdown(cancel_futures=True)


def _at_once(make: Callable[[Given], Made], item: Given) -> "Future[Made]":
    future: Future[Made] = Future()
    future.set_result(make(item))
    return future
