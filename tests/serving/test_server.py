"""FAULTS V7: a port that is taken, an address that others could reach; and TLS."""

import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

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


def _answer(address: str, said: bytes, patience: float = 20.0) -> bytes:
    """Return what comes back until the connection is closed."""
    host, _, port = address.partition("//")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=patience) as one:
        with suppress(ConnectionError):  # who is hung up on may still be speaking
            one.sendall(said)
        parts = []
        with suppress(ConnectionError):
            while part := one.recv(1 << 16):
                parts.append(part)
        return b"".join(parts)


def test_v4_heads_and_trailers_without_an_end_are_hung_up_on(table: RunFolder, monkeypatch: pytest.MonkeyPatch):
    good = f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
    with running(Service({table.name: table}, tokens(), port=0), monkeypatch) as address:
        start = f"POST /predict HTTP/1.1\r\nHost: {address.partition('//')[2]}\r\n{good}".encode()
        endless = b"X-Long: " + b"x" * 3_000_000
        assert _answer(address, start + endless) == b""
        assert _answer(address, start + b"X-Many: y\r\n" * 300_000) == b""
        chunked = start + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
        assert b" 200 " not in _answer(address, chunked + b"0\r\n" + endless)
        many_chunks = chunked + b"1\r\n \r\n" * 100_000 + b"0\r\nConnection: close\r\n\r\n"
        head = b"Connection: close\r\nTransfer-Encoding"
        assert b" 400 " in _answer(address, many_chunks.replace(b"Transfer-Encoding", head, 1)), "small ones are a body"


def test_v3_who_asks_again_and_again_is_not_hung_up_on(table: RunFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "_HEAD_SECONDS", 0.4)
    with (
        running(Service({table.name: table}, tokens(), port=0), monkeypatch) as address,
        closing(http.client.HTTPConnection(address.partition("//")[2], timeout=20)) as one,
    ):
        one.connect()
        first = one.sock
        for _ in range(12):
            one.request("GET", "/v2", headers={"Authorization": f"Bearer {TOKEN}"})
            answer = one.getresponse()
            assert (answer.status, one.sock) == (200, first), "all of them over the one connection"
            answer.read()
            time.sleep(0.1)
        began = time.monotonic()
        first.sendall(b"GET /v2 HTTP/1.1\r\n")
        assert first.recv(1) == b"", "half a request is not waited for"
        assert time.monotonic() - began < 10


def test_v1_a_header_does_not_say_who_asks(table: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    audit = tmp_path / "audit.jsonl"
    headers = {"authorization": f"Bearer {TOKEN}", "x-forwarded-for": "8.8.8.8"}
    with running(Service({table.name: table}, tokens(), port=0, audit=audit), monkeypatch) as address:
        assert httpx.get(f"{address}/v2", headers=headers).status_code == 200
    assert [json.loads(line)["client"] for line in audit.read_text().splitlines()] == ["127.0.0.1"]


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


@pytest.mark.parametrize("content", [None, "nothing of the kind"])
def test_a_certificate_that_cannot_be_used_is_named_before_anything_is_served(tmp_path: Path, content: str | None):
    certificate = tmp_path / "certificate.pem"
    if content:
        certificate.write_text(content)
    addresses: list[str] = []
    service = Service({}, tokens(), port=0, certificate=certificate, key=certificate)
    with pytest.raises(UserError, match=r"The certificate .*certificate\.pem with the key") as caught:
        serve(service, addresses.append)
    assert ("there is no file" in str(caught.value)) == (content is None)
    assert not addresses


def test_a_service_for_other_machines_answers_by_every_address_of_this_one(
    table: RunFolder, monkeypatch: pytest.MonkeyPatch
):
    mine = "192.0.2.7"
    found = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "fe80::1%one"), (socket.AF_INET, mine))
    cards = {"one": [SimpleNamespace(family=family, address=shown) for family, shown in found]}
    monkeypatch.setattr(server.psutil, "net_if_addrs", lambda: cards)
    with running(Service({table.name: table}, tokens(), host="0.0.0.0", lan=True, port=0), monkeypatch) as address:
        host, _, port = address.partition("//")[2].partition(":")
        assert host == mine
        for name in (mine, "[fe80::1]", socket.gethostname(), "127.0.0.1"):
            headers = {"authorization": f"Bearer {TOKEN}", "host": f"{name}:{port}"}
            assert httpx.get(f"http://127.0.0.1:{port}/v2", headers=headers).status_code == 200
        headers["host"] = f"elsewhere.example:{port}"
        assert httpx.get(f"http://127.0.0.1:{port}/v2", headers=headers).status_code == 403


def test_a_model_that_cannot_be_used_is_said_before_anything_is_served(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no model yet"):
        serve(Service({"empty": RunFolder(tmp_path / "empty")}, tokens(), port=0))


def test_the_command_says_what_is_wrong(tmp_path: Path):
    command = [sys.executable, "-m", "workbench", "serve", "nowhere", "--runs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no run called nowhere" in done.stderr
