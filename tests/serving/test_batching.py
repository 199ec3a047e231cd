"""What waits is answered together, in order; one that fails harms no other; too many are refused at once."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from workbench.serving import batching
from workbench.serving.batching import Batcher, QueueFull


def test_what_comes_meanwhile_is_answered_at_once():
    sizes: list[int] = []
    go = threading.Event()

    def answer(items: Sequence[Any]) -> list[Any]:
        sizes.append(len(items))
        if len(sizes) == 1:
            go.wait(10)
        return [item * 2 for item in items]

    async def main() -> list[int]:
        batcher = Batcher(answer, most=8, waiting=100)
        asked = [asyncio.create_task(batcher.ask(number)) for number in range(21)]
        await asyncio.sleep(0)
        go.set()
        found = await asyncio.gather(*asked)
        await batcher.close()
        return found

    assert asyncio.run(main()) == [number * 2 for number in range(21)]
    assert max(sizes) <= 8
    assert sum(sizes) == 21
    assert len(sizes) <= 4


def test_one_that_fails_harms_no_other():
    def answer(items: Sequence[Any]) -> list[Any]:
        return [ValueError("odd") if item % 2 else item for item in items]

    async def main() -> list[Any]:
        batcher = Batcher(answer, most=8, waiting=100)
        found = await asyncio.gather(*(batcher.ask(number) for number in range(4)), return_exceptions=True)
        await batcher.close()
        return found

    found = asyncio.run(main())
    assert [str(each) for each in found] == ["0", "odd", "2", "odd"]


def test_when_everything_fails_everybody_hears_of_it_and_the_next_is_answered():
    calls: list[int] = []

    def answer(items: Sequence[Any]) -> list[Any]:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("no memory")
        return list(items)

    async def main() -> int:
        batcher = Batcher(answer, most=8, waiting=100)
        with pytest.raises(RuntimeError, match="no memory"):
            await batcher.ask(1)
        found = await batcher.ask(2)
        await batcher.close()
        return found

    assert asyncio.run(main()) == 2


def test_a_request_larger_than_the_queue_is_answered_when_nothing_waits():
    async def main() -> list[int]:
        batcher = Batcher(list, most=3, waiting=4)
        found = await batcher.ask_all(range(10))
        await batcher.close()
        return found

    assert asyncio.run(main()) == list(range(10))


def test_too_many_are_refused_at_once():
    go = threading.Event()

    def answer(items: Sequence[Any]) -> list[Any]:
        go.wait(10)
        return list(items)

    async def main() -> None:
        batcher = Batcher(answer, most=1, waiting=2)
        asked = [asyncio.create_task(batcher.ask(0))]
        await asyncio.sleep(0.05)  # it is being answered
        asked += [asyncio.create_task(batcher.ask(number)) for number in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await batcher.ask(3)
        go.set()
        assert await asyncio.gather(*asked) == [0, 1, 2]
        await batcher.close()

    asyncio.run(main())


def test_what_is_quick_is_answered_in_the_loop_and_what_is_slow_or_takes_long_to_read_in_a_thread(
    monkeypatch: pytest.MonkeyPatch,
):
    here: list[bool] = []
    clock = [0.0]
    monkeypatch.setattr(batching, "perf_counter", lambda: clock[0])

    def answer(items: Sequence[Any]) -> list[Any]:
        here.append(threading.current_thread() is threading.main_thread())
        clock[0] += 0.01 if "slow" in items else 0.0001
        return list(items)

    async def main() -> None:
        batcher = Batcher(answer, most=8, waiting=100, brief=lambda item: item != "long")
        for item in ("first", "quick", "long", "slow", "after it", "quick"):
            assert await batcher.ask(item) == item
        await batcher.close()

    asyncio.run(main())
    assert here == [False, True, False, True, False, True]


def test_who_is_being_answered_hears_of_the_end():
    go = threading.Event()

    def answer(items: Sequence[Any]) -> list[Any]:
        go.wait(10)
        return list(items)

    async def main() -> None:
        batcher = Batcher(answer, most=2, waiting=100)
        asked = [asyncio.create_task(batcher.ask(number)) for number in range(5)]
        await asyncio.sleep(0.05)  # two of them are being answered
        go.set()
        await batcher.close()
        found = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 10)
        assert all(isinstance(each, asyncio.CancelledError) for each in found)

    asyncio.run(main())
