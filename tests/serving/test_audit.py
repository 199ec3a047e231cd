"""The book of who asked: a line for each request, written at once, told a few times a second."""

import asyncio
from pathlib import Path
from typing import Any

from workbench.serving.audit import AuditLog


def test_there_is_a_line_for_each_as_soon_as_the_loop_has_turned(tmp_path: Path):
    told: list[Any] = []
    log = AuditLog(tmp_path / "book" / "audit.jsonl", told.append)

    async def main() -> None:
        log.note(token="ana", status=200)
        log.note(token="", status=401, reason="unknown")
        await asyncio.sleep(0)
        assert [line["status"] for line in log.lines()] == [200, 401]
        (tmp_path / "book" / "audit.jsonl").rename(tmp_path / "old.jsonl")
        log.note(token="ana", status=404)
        await asyncio.sleep(0)
        assert [line["status"] for line in log.lines()] == [404], "what is moved away is kept, and a new one begun"
        assert not told, "nobody reads so fast"

    asyncio.run(main())
    log.close()
    assert [[line["status"] for line in lines] for lines in told] == [[200, 401, 404]]
    log.close()
    assert len(told) == 1


def test_without_a_file_it_is_told_all_the_same():
    told: list[Any] = []
    log = AuditLog(None, told.extend)

    async def main() -> None:
        log.note(status=200)
        while not told:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(main(), 10))
    assert [line["status"] for line in told] == [200]
    assert list(log.lines()) == []
