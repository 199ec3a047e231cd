"""Clients that cost next to nothing: sockets that send prepared bytes again and again, and read no more than needed."""

import select
import socket
from dataclasses import dataclass, field
from time import perf_counter


@dataclass
class Load:
    """What came of asking for a while. latencies: seconds of each answer."""

    seconds: float
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the seconds in which this share of the answers came."""
        return sorted(self.latencies)[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


def request(host: str, path: str, body: bytes, **headers: str) -> bytes:
    """Return a POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask(host: str, whole: bytes, clients: int, seconds: float) -> Load:
    """Let so many clients ask for so long, each again as soon as it has its answer.

    Raises RuntimeError for an answer that is not 200, or none within ten seconds.
    """
    name, _, port = host.partition(":")
    sockets = {}
    waiting = select.poll()
    for _ in range(clients):
        one = socket.create_connection((name, int(port)), timeout=10)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()] = one
        waiting.register(one, select.POLLIN)
    begun = perf_counter()
    load, end, sent, parts = Load(0.0), begun + seconds, {}, dict.fromkeys(sockets, b"")
    for number, one in sockets.items():
        sent[number] = perf_counter()
        one.sendall(whole)
    open_ones = len(sockets)
    while open_ones:
        ready = waiting.poll(10_000)
        if not ready:
            raise RuntimeError("no answer in ten seconds")
        for number, _ in ready:
            one = sockets[number]
            parts[number] += one.recv(1 << 18)
            if not _is_whole(parts[number]):
                continue
            parts[number], now = b"", perf_counter()
            load.latencies.append(now - sent[number])
            if now < end:
                sent[number] = now
                one.sendall(whole)
            else:
                waiting.unregister(one)
                one.close()
                open_ones -= 1
    load.seconds = perf_counter() - begun
    return load


def _is_whole(answer: bytes) -> bool:
    """Return whether an answer is complete; raises RuntimeError when it is not 200."""
    if not answer.startswith(b"HTTP/1.1 200"[: len(answer)]) or not answer:
        raise RuntimeError(answer[:500].decode("latin-1") or "the connection was closed")
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = answer[:end].lower()
    at = head.index(b"content-length:") + 15
    after = head.find(b"\r\n", at)
    return len(answer) >= end + 4 + int(head[at : after if after >= 0 else end])
