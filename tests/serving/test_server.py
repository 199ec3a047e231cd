"""FAULTS V7: a port that is taken, an address that others could reach; and TLS."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests.serving.conftest import TOKEN
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.serving import server
from workbench.serving.server import Service, serve
from workbench.serving.tokens import Tokens


def tokens() -> Tokens:
    known = Tokens()
    known.allow(TOKEN)
    return known


@contextmanager
def running(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a service in a thread, and give its address."""
    addresses: list[str] = []
    ready = threading.Event()
    servers: list[uvicorn.Server] = []

    class Watched(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            servers.append(self)
            await super().startup(sockets)
            ready.set()

        def install_signal_handlers(self) -> None: ...

    monkeypatch.setattr(server.uvicorn, "Server", Watched)
    thread = threading.Thread(target=serve, args=(service, addresses.append))
    thread.start()
    try:
        assert ready.wait(60)
        yield addresses[0]
    finally:
        servers[0].should_exit = True
        thread.join(30)


def test_v7_the_next_port_is_taken_and_said(table: RunFolder, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(Service({table.name: table}, tokens(), port=port), monkeypatch) as address:
            assert address != f"http://127.0.0.1:{port}"
            headers = {"authorization": f"Bearer {TOKEN}"}
            assert httpx.get(f"{address}/v2/health/ready", headers=headers).status_code == 200


def test_answers_are_sent_at_once(table: RunFolder):
    """asyncio turns Nagle's algorithm off only where a socket says that it is TCP."""
    with server._listening(Service({table.name: table}, tokens(), port=0)) as listening:
        assert listening.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])
def test_v7_other_machines_are_refused_unless_they_are_meant(table: RunFolder, host: str):
    with pytest.raises(UserError, match="can be reached from other machines"):
        serve(Service({table.name: table}, tokens(), host=host, port=0))


def test_v7_no_port_is_free(table: RunFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "_TRIED", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="No port from"):
            serve(Service({table.name: table}, tokens(), port=taken.getsockname()[1]))


def test_tls_with_a_certificate_of_ones_own(table: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    service = Service({table.name: table}, tokens(), port=0, certificate=certificate, key=key)
    with running(service, monkeypatch) as address:
        assert address.startswith("https://")
        context = ssl.create_default_context(cafile=str(certificate))
        headers = {"authorization": f"Bearer {TOKEN}"}
        assert httpx.get(f"{address}/v2/health/ready", headers=headers, verify=context).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/v2/health/ready", headers=headers)


def test_a_model_that_cannot_be_used_is_said_before_anything_is_served(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no model yet"):
        serve(Service({"empty": RunFolder(tmp_path / "empty")}, tokens(), port=0))


def test_the_command_says_what_is_wrong(tmp_path: Path):
    command = [sys.executable, "-m", "workbench", "serve", "nowhere", "--runs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no run called nowhere" in done.stderr
