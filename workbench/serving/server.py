"""Runs the service: on the port that was asked for or the next free one, for this machine alone unless told so."""

import asyncio
import gc
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words
from workbench.serving.app import application
from workbench.serving.audit import AuditLog, Line
from workbench.serving.counters import Counters
from workbench.serving.guard import Guard, Limits
from workbench.serving.served import Shelf
from workbench.serving.tokens import Tokens

_TRIED = 20  # ports, from the one that was asked for on
_HEAD_SECONDS = 10.0  # in which a request must have said what it is
_HEAD_BYTES = 64 << 10  # of all that is not body
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Service:
    """What is served, and how.

    runs: by the name of the model. host: 0.0.0.0 is every address of this machine. names: under which it may be asked
    besides its addresses. certificate, key: files in PEM, for TLS.
    """

    runs: Mapping[str, RunFolder]
    tokens: Tokens
    host: str = "127.0.0.1"
    port: int = 8000
    lan: bool = False
    names: tuple[str, ...] = ()
    device: str = "cpu"
    audit: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    limits: Limits = field(default_factory=Limits)


class _Impatient(HttpToolsProtocol):
    """Closes connections that do not say in time, or not in a few words, what they ask."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._beside = 0  # bytes since the last that were of a body, or ended a request
        self._since = self.loop.time()  # when there was nothing to be asked but the next request
        self._patience = self.loop.call_later(_HEAD_SECONDS, self._lose_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._beside += len(data)
        super().data_received(data)
        if self._beside > _HEAD_BYTES:  # a head, or what may follow a body, without an end: the parser sets no limit
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        self._beside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._beside = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    def _lose_patience(self) -> None:
        waiting = self.cycle is None or self.cycle.response_complete
        left = self._since + _HEAD_SECONDS - self.loop.time() if waiting else _HEAD_SECONDS
        if left > 0:  # also who asks again and again is between two requests most of the time
            self._patience = self.loop.call_later(left, self._lose_patience)
        elif not self.transport.is_closing():
            self.transport.close()


def serve(
    service: Service,
    started: Callable[[str], None] = lambda address: None,
    told: Callable[[Sequence[Line]], None] = lambda lines: None,
) -> None:
    """Serve until interrupted, from when all models are loaded on.

    started: is given the address. told: is given lines of requests, a few times a second. Raises UserError when it
    cannot begin.
    """
    _require_certificate(service)
    listening = _listening(service)
    port = listening.getsockname()[1]
    counters = Counters()
    shelf = Shelf(service.runs, service.device, counters)
    try:
        for name in service.runs:
            shelf.load(name)
    except UserError:
        listening.close()
        raise
    own = _own_addresses(service.host) if service.lan else ()
    hosts = frozenset(f"{_in_url(name)}:{port}".lower() for name in (*_LOCAL, *own, *service.names))
    audit = AuditLog(service.audit, told)
    guard = Guard(application(shelf, counters), service.tokens, lambda: hosts, counters, audit, service.limits)
    config = uvicorn.Config(
        guard,
        http=_Impatient,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who asks is who connected, whatever a header says
        server_header=False,
        timeout_keep_alive=10,
        ssl_certfile=service.certificate,
        ssl_keyfile=service.key,
    )
    server = uvicorn.Server(config)
    scheme = "https" if service.certificate else "http"
    gc.collect()
    gc.freeze()  # all that lives as long as the service: going through it again takes as long as many answers
    started(f"{scheme}://{_in_url(own[0] if own else service.host)}:{port}")
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(server.serve(sockets=[listening]))
    finally:
        audit.close()


def _require_certificate(service: Service) -> None:
    """Raise UserError when the certificate or its key cannot be used, before anything is loaded or said."""
    if service.certificate is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(service.certificate, service.key)
    except OSError as error:  # also what is in the files: ssl's errors are of this kind
        missing = [str(path) for path in (service.certificate, service.key) if path and not path.is_file()]
        raise UserError(
            "The certificate {certificate} with the key {key} cannot be used: {reason}.",
            hint="Name a certificate and its own key, both in PEM, without a passphrase.",
            details=str(error),
            certificate=str(service.certificate),
            key=str(service.key),
            reason=Words("there is no file {path}", {"path": missing[0]}) if missing else error.strerror or str(error),
        ) from error


def _own_addresses(host: str) -> tuple[str, ...]:
    """Return how others may call this machine, best first: the host itself, or all that a wildcard stands for."""
    if host not in ("0.0.0.0", "::"):
        return (host,)
    found = [each for card in psutil.net_if_addrs().values() for each in card]
    addresses = [each.address.partition("%")[0] for each in found if each.family in (socket.AF_INET, socket.AF_INET6)]
    others = [address for address in addresses if not ipaddress.ip_address(address).is_loopback]
    return (*sorted(others, key=lambda address: ":" in address), socket.gethostname())


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _new_loop() -> asyncio.AbstractEventLoop:
    """Return the fastest event loop that there is for this system."""
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _listening(service: Service) -> socket.socket:
    """Return a socket that listens; raises UserError when others could reach it without that being wished."""
    if not service.lan and not _is_local(service.host):
        raise UserError(
            "{host} can be reached from other machines.",
            hint="Say --lan if that is meant: whoever has a token can ask then.",
            host=service.host,
        )
    family = socket.AF_INET6 if ":" in service.host else socket.AF_INET
    for port in range(service.port, service.port + _TRIED) if service.port else (0,):
        # Said to be TCP, or asyncio would not send at once, and every answer would wait 40 ms for the client's system.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((service.host, port))
        except OSError as error:
            listening.close()
            if isinstance(error, socket.gaierror):
                raise UserError("{host} is no address of this machine.", host=service.host) from error
            continue
        listening.listen(2048)
        return listening
    raise UserError(
        "No port from {first} to {last} is free.",
        hint="Choose another one with --port.",
        first=service.port,
        last=service.port + _TRIED - 1,
    )


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
