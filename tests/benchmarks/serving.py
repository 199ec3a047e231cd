"""A model as a service: many clients at once against one after the other, and against LitServe with the same model.

The clients are one lean process on one core (clients.py); the service that is asked has the other one, with all of its
processes. Where the system cannot bind processes to cores, they share what there is. Where other work disturbs the
clock, the time that the processor spent on an answer is the surer figure: it is taken beside.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from tests.benchmarks.clients import Load, ask, request
from tests.benchmarks.measuring import Amount, Figure
from tests.export.models import fresh_run
from workbench.core.run_folder import RunFolder
from workbench.data.preprocessing import ImagePreprocessing
from workbench.inference.model_folder import model_of

CLIENTS = 64
NETWORKS = {"784-256-128-10": (256, 128), "784-2048-2048-10": (2048, 2048)}
PEERS = {"LitServe": "plain", "LitServe, fast queue": "fast"}
_SECONDS = 3.0  # that each way is asked for
_PATIENCE = 120.0  # seconds until a service must answer
_BATCH_TIMEOUT = 0.005  # that LitServe may wait for more; with 0 it takes no batches
_TOKEN = "a-token-of-thirty-two-characters"


@dataclass(frozen=True)
class Asked:
    """A service in a process, and the bytes of one request to it."""

    host: str
    whole: bytes
    process: psutil.Process

    def measured(self, clients: int) -> tuple[Load, float]:
        """Return what came of asking, and the seconds that processors spent on an answer, in all its processes."""
        before = self._spent()
        load = ask(self.host, self.whole, clients, _SECONDS)
        return load, (self._spent() - before) / len(load.latencies)

    def _spent(self) -> float:
        times = [each.cpu_times() for each in (self.process, *self.process.children(recursive=True))]
        return sum(each.user + each.system for each in times)


@dataclass
class Both:
    """Two ways to answer, by the clock and by what the processor spent."""

    clock: Figure
    spent: Figure

    @classmethod
    def named(cls, name: str, first: str, second: str, reach: float) -> "Both":
        beside = Figure(f"{name}, seconds of the processor", first, second)
        return cls(Figure(name, first, second, reach=reach), beside)

    def take(self, first: tuple[Load, float], second: tuple[Load, float]) -> None:
        """Add a round of each."""
        self.clock.firsts.append(1 / first[0].rate)
        self.clock.seconds.append(1 / second[0].rate)
        self.spent.firsts.append(first[1])
        self.spent.seconds.append(second[1])


def figures(rounds: int) -> Iterator[Figure | Amount]:
    """Yield the seconds of an answer for each network: alone and at once, in JSON and binary, and against LitServe."""
    with tempfile.TemporaryDirectory() as place, _on_core(0):
        for name, hidden in NETWORKS.items():
            made = ImagePreprocessing(1, 28, 28, (0.3,), (0.3,))
            run = fresh_run(Path(place) / name, "mlp", "image", "classification", {"hidden": hidden}, made, outputs=10)
            yield from _of(name, run, rounds)


def lines(rounds: int) -> Iterator[str]:
    """Yield what was measured, in words."""
    for figure in figures(rounds):
        yield from figure.lines()


def _of(name: str, run: RunFolder, rounds: int) -> Iterator[Figure | Amount]:
    forms = {"JSON": _as_json, "binary": _as_bytes}
    scaling = {
        form: Both.named(f"{name}, {form}: an answer", "one after the other", f"{CLIENTS} at once", reach=4.0)
        for form in forms
    }
    against = {peer: Both.named(f"{name}, JSON, {CLIENTS} at once", peer, "ours", reach=1.5) for peer in PEERS}
    waited = Amount(f"{name}, JSON, {CLIENTS} at once: 99 of 100 answers of ours", "s", at_most=1.0)
    with ExitStack() as stack:
        host, process = stack.enter_context(_ours(run))
        ours = {form: Asked(host, whole(host, run.name), process) for form, whole in forms.items()}
        peers = {peer: stack.enter_context(_litserve(run, queue)) for peer, queue in PEERS.items()}
        for asked in (*ours.values(), *peers.values()):
            ask(asked.host, asked.whole, CLIENTS, 0.5)  # the first answers are those of a cold service
        for _ in range(rounds):
            for form, asked in ours.items():
                alone, at_once = asked.measured(1), asked.measured(CLIENTS)
                scaling[form].take(alone, at_once)
                if form == "JSON":
                    waited.rounds.append(at_once[0].percentile(0.99))
            for peer, asked in peers.items():
                against[peer].take(asked.measured(CLIENTS), ours["JSON"].measured(CLIENTS))
    for both in (*scaling.values(), *against.values()):
        yield from (both.clock, both.spent)
    yield waited


def _pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1, 28, 28, 1), dtype=np.uint8)


def _as_json(host: str, model: str) -> bytes:
    tensor = {"name": "image", "shape": [1, 28, 28, 1], "datatype": "UINT8", "data": _pixels().reshape(-1).tolist()}
    body = json.dumps({"inputs": [tensor]}).encode()
    more = {"authorization": f"Bearer {_TOKEN}", "content_type": "application/json"}
    return request(host, f"/v2/models/{model}/infer", body, **more)


def _as_bytes(host: str, model: str) -> bytes:
    pixels = _pixels().tobytes()
    facts = {"name": "image", "shape": [1, 28, 28, 1], "datatype": "UINT8"}
    head = json.dumps({"inputs": [{**facts, "parameters": {"binary_data_size": len(pixels)}}]}).encode()
    more = {"authorization": f"Bearer {_TOKEN}", "content_type": "application/octet-stream"}
    more["inference_header_content_length"] = str(len(head))
    return request(host, f"/v2/models/{model}/infer", head + pixels, **more)


@contextmanager
def _ours(run: RunFolder) -> Iterator[tuple[str, psutil.Process]]:
    """Serve a run, and give host and port, and the process."""
    with tempfile.NamedTemporaryFile("w+") as said:
        command = [sys.executable, "-m", "workbench", "serve", str(run.path), "--port", "0", "--json"]
        with _running(command, said.fileno()) as process:
            file = Path(said.name)
            _wait(process, lambda: "\n" in file.read_text(encoding="utf-8"))
            address = json.loads(file.read_text(encoding="utf-8").splitlines()[0])["address"]
            yield address.partition("//")[2], psutil.Process(process.pid)


@contextmanager
def _litserve(run: RunFolder, queue: str) -> Iterator[Asked]:
    """Serve the same model with LitServe, in batches of up to 64."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host = f"127.0.0.1:{port}"
    body = json.dumps({"data": _pixels().reshape(-1).tolist()}).encode()
    whole = request(host, "/predict", body, content_type="application/json")
    command = [sys.executable, "-m", "tests.benchmarks.litserve_peer", str(model_of(run))]
    with _running([*command, str(port), str(_BATCH_TIMEOUT), queue], subprocess.DEVNULL) as process:
        _wait(process, lambda: _answers(host, whole))
        yield Asked(host, whole, psutil.Process(process.pid))


@contextmanager
def _running(command: list[str], said: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service on the second core; all its processes end with it, whatever they think of that."""
    environment = {**os.environ, "WORKBENCH_TOKEN": _TOKEN, "OMP_NUM_THREADS": "1"}
    with _on_core(1):  # what is started inherits it
        process = subprocess.Popen(
            command, env=environment, stdout=said, stderr=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not is_ready():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args} does not answer")
        time.sleep(0.2)


def _answers(host: str, whole: bytes) -> bool:
    try:
        return ask(host, whole, 1, 0.0).rate > 0
    except (OSError, RuntimeError):
        return False


@contextmanager
def _on_core(number: int) -> Iterator[None]:
    """Bind this process to a core, where there are several and the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before | set(range(os.cpu_count() or 1)))[number]} if len(before) > 1 else {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
