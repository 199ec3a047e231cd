"""A model as a service: many clients at once against one after the other."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.measuring import Figure
from tests.export.models import fresh_run
from workbench.core.run_folder import RunFolder

CLIENTS = 64
_SECONDS = 3.0  # that each way is asked for
_TOKEN = "a-token-of-thirty-two-characters"
_ROW = {"row": {"length": 2.5, "colour": "green"}}


def figures(rounds: int) -> Iterator[Figure]:
    """Yield the seconds of an answer: one client after the other, against many at once."""
    with tempfile.TemporaryDirectory() as place:
        run = fresh_run(Path(place), "mlp", "table", "classification")
        found = Figure("Seconds of an answer, 64 clients at once", "one after the other", "at once", reach=4.0)
        with ours(run) as address:
            for _ in range(rounds):
                found.firsts.append(1 / asyncio.run(_rate(address, 1)))
                found.seconds.append(1 / asyncio.run(_rate(address, CLIENTS)))
        yield found


def lines(rounds: int) -> Iterator[str]:
    """Yield what was measured, in words."""
    for figure in figures(rounds):
        yield from figure.lines()


@contextmanager
def ours(run: RunFolder) -> Iterator[str]:
    """Serve a run, and give the address of the request."""
    command = [sys.executable, "-m", "workbench", "serve", str(run.path), "--port", "0", "--json"]
    environment = {**os.environ, "WORKBENCH_TOKEN": _TOKEN, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as said, subprocess.Popen(command, env=environment, stdout=said) as process:
        try:
            while not (line := _first_line(said)):
                time.sleep(0.1)
            yield json.loads(line)["address"] + "/predict"
        finally:
            process.terminate()


def _first_line(said: object) -> str:
    with open(f"/proc/self/fd/{said.fileno()}", encoding="utf-8") as again:  # type: ignore[attr-defined]
        line = again.readline()
        return line if line.endswith("\n") else ""


async def _rate(address: str, clients: int) -> float:
    """Return how many requests a second are answered to so many clients."""
    headers = {"authorization": f"Bearer {_TOKEN}", "content-type": "application/json"}
    body = json.dumps(_ROW).encode()
    request = f"POST /predict HTTP/1.1\r\nhost: {address.split('/')[2]}\r\ncontent-length: {len(body)}\r\n"
    request += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    whole = request.encode() + body
    counts = await asyncio.gather(*(_client(address, whole, time.perf_counter() + _SECONDS) for _ in range(clients)))
    return sum(counts) / _SECONDS


async def _client(address: str, whole: bytes, end: float) -> int:
    """Ask again and again over one connection, as cheaply as a client can; return how many answers came."""
    host, _, port = address.split("/")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    count = 0
    while time.perf_counter() < end:
        writer.write(whole)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.decode())
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        count += 1
    writer.close()
    return count
