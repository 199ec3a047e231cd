"""FAULTS V3 and V6: connections that never say what they want, and a thousand who ask at once beside a training."""

import asyncio
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.conftest import TOKEN, Running
from tests.training.runs import trained
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history

HEADERS = {"authorization": f"Bearer {TOKEN}"}
AT_ONCE = 1000


@pytest.mark.slow
def test_v3_slow_connections_do_not_keep_honest_clients_waiting(service: Running, table: RunFolder):
    host, _, port = service.host.partition(":")
    idle = []
    for number in range(500):
        one = socket.create_connection((host, int(port)))
        one.sendall(b"POST /predict HTTP/1.1\r\nHost: " if number % 2 else b"")
        idle.append(one)
    took = []
    with httpx.Client(headers=HEADERS, timeout=30) as client:
        for _ in range(200):
            began = time.perf_counter()
            answer = client.post(
                f"{service.address}/predict", params={"model": table.name}, json={"row": {"length": 1}}
            )
            assert answer.status_code == 200
            took.append(time.perf_counter() - began)
    assert sorted(took)[-2] < 1.0
    deadline = time.monotonic() + 30
    while not all(_is_closed(one) for one in idle) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert all(_is_closed(one) for one in idle), "who says nothing for ten seconds is hung up on"
    for one in idle:
        one.close()


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


async def _all_at_once(address: str, model: str) -> Counter[int]:
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(headers=HEADERS, timeout=120, limits=limits) as client:

        async def one() -> int:
            answer = await client.post(f"{address}/predict", params={"model": model}, json={"row": {"length": 1}})
            return answer.status_code

        return Counter(await asyncio.gather(*(one() for _ in range(AT_ONCE))))


@pytest.mark.slow
def test_v6_a_thousand_at_once_are_answered_or_told_to_wait_and_training_learns_the_same(
    service: Running, table: RunFolder, tmp_path: Path
):
    found: list[Counter[int]] = []
    asking = threading.Thread(target=lambda: found.append(asyncio.run(_all_at_once(service.address, table.name))))
    alone = losses(trained(tmp_path / "alone")[0])
    asking.start()
    beside = losses(trained(tmp_path / "beside")[0])
    asking.join()
    assert set(found[0]) <= {200, 429}
    assert found[0][200] > 0
    assert sum(found[0].values()) == AT_ONCE
    assert beside == alone
    assert httpx.get(f"{service.address}/v2/health/ready", headers=HEADERS).status_code == 200


def losses(run: RunFolder) -> list[Any]:
    return whole_history(run)[0].scalars["training_loss"][1].tolist()
