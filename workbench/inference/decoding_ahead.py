"""Making inputs ready in several threads while the network computes what came before them.

Threads are enough for files of images: decoding leaves the interpreter to the others.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
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
    waiting = iter(items)
    first = list(islice(waiting, size))
    if len(first) <= _FEW or not any(map(ahead, first)):
        while first:
            yield first, [make(item) for item in first]
            first = list(islice(waiting, size))
        return
    threads = ThreadPoolExecutor(cores(), "decoding")

    def begun(batch: list[Given]) -> tuple[list[Given], list[Future[Made]]]:
        return batch, [threads.submit(make, item) if ahead(item) else _at_once(make, item) for item in batch]

    coming = deque([begun(first)])
    try:
        while coming:
            batch, futures = coming.popleft()
            if following := list(islice(waiting, size)):
                coming.append(begun(following))
            yield batch, [future.result() for future in futures]
    finally:
        threads.shutdown(cancel_futures=True)


def _at_once(make: Callable[[Given], Made], item: Given) -> "Future[Made]":
    future: Future[Made] = Future()
    future.set_result(make(item))
    return future
