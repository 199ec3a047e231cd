"""A service that anybody asks in any way: nobody unauthorised reaches a model, and honest clients hardly notice."""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.export.models import fresh_run
from tests.robustness.goal import Found, Goal

TOKEN = "a-token-of-thirty-two-characters"
SLOW_CONNECTIONS = 500
_SIDE_BY_SIDE = 24
_MOST_MEMORY = 50e6  # bytes by which the service may grow
_MOST_SECONDS = 1.0  # that 99 of 100 honest requests may take
_ROW = {"length": 2.5, "colour": "green"}


@dataclass
class _Tally:
    """What came of the requests so far."""

    tried: int = 0
    wrong: list[str] = field(default_factory=list)
    honest: list[float] = field(default_factory=list)  # seconds


def _try(times: int, seed: int, place: Path) -> Found:
    found, tally = Found(), _Tally()
    with served(place) as (address, model, pid):
        asyncio.run(_asked(address, model, times, random.Random(seed), tally))  # until memory has settled
        process = psutil.Process(pid)
        memory = process.memory_info().rss
        asyncio.run(_large(address, tally))
        grown = process.memory_info().rss - memory
        answered = _answered(address)
    honest = sorted(tally.honest)
    p99 = honest[int(len(honest) * 0.99)] if honest else 0.0
    found.tried = tally.tried
    found.failures = tally.wrong
    if answered != len(honest):
        found.failures.append(f"{answered} requests reached a model, and {len(honest)} were honest")
    if p99 > _MOST_SECONDS:
        found.failures.append(f"99 of 100 honest requests took up to {p99:.2f} s")
    if grown > _MOST_MEMORY:
        found.failures.append(f"bodies of a gigabyte made the service grow by {grown / 1e6:.0f} MB")
    found.figures["honest requests"] = f"{len(honest):,}"
    found.figures["99 of 100 honest ones took"] = f"{p99 * 1e3:.0f} ms"
    found.figures["grown"] = f"{grown / 1e6:.1f} MB"
    return found


@contextmanager
def served(place: Path, *more: str) -> Iterator[tuple[str, str, int]]:
    """Serve a small model of a table in a process; give its address, its name and the process."""
    run = fresh_run(place, "mlp", "table", "classification")
    command = [sys.executable, "-m", "workbench", "serve", str(run.path), "--port", "0", "--json", *more]
    environment = {**os.environ, "WORKBENCH_TOKEN": TOKEN, "OMP_NUM_THREADS": "1"}
    with (
        (place / "said").open("w") as said,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        reading = threading.Thread(target=process.stdout.read)  # a full pipe would stop it
        reading.start()
        try:
            yield address, run.name, process.pid
        finally:
            process.terminate()
            process.wait(30)
            reading.join()


def _answered(address: str) -> int:
    text = httpx.get(f"{address}/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
    lines = [line for line in text.splitlines() if line.startswith("workbench_batch_size_sum")]
    return sum(int(float(line.rpartition(" ")[2])) for line in lines)


async def _asked(address: str, model: str, times: int, chance: random.Random, tally: _Tally) -> None:
    slow = _slow_connections(address, min(SLOW_CONNECTIONS, times))
    limits = httpx.Limits(max_connections=_SIDE_BY_SIDE)
    try:
        async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
            share = [times // _SIDE_BY_SIDE + (number < times % _SIDE_BY_SIDE) for number in range(_SIDE_BY_SIDE)]
            await asyncio.gather(*(_some(client, model, count, chance, tally) for count in share))
    finally:
        for each in slow:
            each.close()


def _slow_connections(address: str, count: int) -> list[socket.socket]:
    """Open connections that begin a request and never end it."""
    host, _, port = address.partition("//")[2].partition(":")
    opened = []
    for _ in range(count):
        one = socket.create_connection((host, int(port)))
        one.sendall(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        opened.append(one)
    return opened


async def _some(client: httpx.AsyncClient, model: str, count: int, chance: random.Random, tally: _Tally) -> None:
    for _ in range(count):
        honest = chance.random() < 0.1
        request, allowed = _honest(client, model) if honest else _abuse(client, model, chance)
        began = time.perf_counter()
        try:
            answer = await client.send(request)
        except httpx.TransportError as error:
            if honest:
                tally.wrong.append(f"an honest request ended in {type(error).__name__}")
            tally.tried += 1
            continue
        tally.tried += 1
        if answer.status_code not in allowed:
            tally.wrong.append(f"{request.method} {request.url.raw_path!r}: {answer.status_code}, not {allowed}")
        if honest:
            tally.honest.append(time.perf_counter() - began)


def _honest(client: httpx.AsyncClient, model: str) -> tuple[httpx.Request, tuple[int, ...]]:
    good = {"authorization": f"Bearer {TOKEN}"}
    return client.build_request("POST", "/predict", params={"model": model}, json={"row": _ROW}, headers=good), (200,)


def _abuse(client: httpx.AsyncClient, model: str, chance: random.Random) -> tuple[httpx.Request, tuple[int, ...]]:
    """Return a request that must not reach a model, and the statuses with which it may be answered."""
    good = {"authorization": f"Bearer {TOKEN}"}
    path = chance.choice((f"/v2/models/{model}/infer", "/predict", "/v1/completions", "/v1/chat/completions"))
    match chance.randrange(9):
        case 0:
            wrong = chance.choice(("", "Bearer x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer " + "x" * 5000))
            headers = {"authorization": wrong} if wrong else {}
            return client.build_request("POST", path, json={"row": _ROW}, headers=headers), (401,)
        case 1:
            name = chance.choice(("token", "api_key", "access_token"))
            return client.build_request("POST", path, params={name: TOKEN}, json={"row": _ROW}, headers=good), (401,)
        case 2:
            host = chance.choice(("evil.example", "169.254.169.254", "localhost.evil.example:80"))
            return client.build_request("POST", path, json={"row": _ROW}, headers={**good, "host": host}), (403,)
        case 3:
            origin = chance.choice(("http://evil.example", "null", "file://"))
            return client.build_request("POST", path, json={"row": _ROW}, headers={**good, "origin": origin}), (403,)
        case 4:
            method = chance.choice(("OPTIONS", "PUT", "DELETE", "PATCH"))
            return client.build_request(method, path, headers=good), (403,)
        case 5:
            kind = chance.choice(("text/plain", "application/x-www-form-urlencoded", "text/html"))
            return client.build_request("POST", path, content=b"{}", headers={**good, "content-type": kind}), (415,)
        case 6:
            bad: Any = chance.choice((b"[" * 50_000, b"{", b"\xff\xfe", b"[]", b'{"inputs": [5]}', b'{"row": [1]}'))
            kind = {"content-type": "application/json"}
            return client.build_request("POST", path, content=bad, headers={**good, **kind}), (400, 404)
        case 7:
            tensor = {"name": "length", "shape": [chance.randrange(-3, 3)], "datatype": "FP64", "data": [{}, [], "x"]}
            place = f"/v2/models/{model}/infer"
            return client.build_request("POST", place, json={"inputs": [tensor]}, headers=good), (400,)
        case _:
            odd = chance.choice(("/../../etc/passwd", "/v2/models/%00/infer", "/predict/" + "a" * 4000, "/docs/../v2"))
            return client.build_request("POST", odd, json={}, headers=good), (400, 403, 404, 405)


async def _large(address: str, tally: _Tally) -> None:
    """Send bodies of a gigabyte, one that says so and one in pieces."""
    good = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" " * 1_000_000

    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        for headers in ({**good, "content-length": "1000000000"}, good):
            tally.tried += 1
            try:
                answer = await client.post("/predict", content=pieces(), headers=headers)
            except httpx.TransportError:
                continue  # it hung up while this was still sending, as it may
            if answer.status_code != 413:
                tally.wrong.append(f"a gigabyte was answered with {answer.status_code}")


GOAL = Goal("a service that anybody asks in any way", 300, 100_000, _try)
