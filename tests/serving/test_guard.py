"""FAULTS V1, V2, V4 and V5: what is refused never reaches a handler, and every refusal is a clear status."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.conftest import TOKEN
from workbench.core.access import Tokens
from workbench.serving.audit import AuditLog
from workbench.serving.counters import Counters
from workbench.serving.guard import Guard, Limits

HOST = "127.0.0.1:8000"
GOOD = {"authorization": f"Bearer {TOKEN}"}


class Inner:
    """A handler that says it was reached."""

    def __init__(self) -> None:
        self.reached = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached += 1
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


class Tried:
    """A guard with a handler behind it, asked as a client would."""

    def __init__(self, limits: Limits, audit: Path) -> None:
        self.inner, self.lines = Inner(), []
        self.audit = AuditLog(audit, self.lines.extend)
        tokens = Tokens()
        tokens.allow(TOKEN, "ana")
        self.guard = Guard(
            self.inner, tokens, lambda: frozenset({HOST, "localhost:8000"}), Counters(), self.audit, limits
        )  # fmt: skip

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.guard)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                answer = await client.request(method, path, **more)
            self.audit.close()
            return answer

        return asyncio.run(once())


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    return Tried(Limits(most_bytes=10_000, seconds=0.2), tmp_path / "audit.jsonl")


def test_v1_without_the_token_nothing_is_reached_and_it_is_never_logged(tried: Tried, tmp_path: Path):
    wrong = ("", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN[:-1]}")
    for header in wrong:
        assert tried.ask("GET", "/v2", headers={"authorization": header} if header else {}).status_code == 401
    assert tried.ask("GET", f"/v2?token={TOKEN}").status_code == 401
    assert tried.ask("GET", f"/v2?api_key={TOKEN}", headers=GOOD).status_code == 401, "also beside a good one"
    assert tried.inner.reached == 0
    assert tried.ask("GET", "/v2", headers=GOOD).status_code == 200
    assert tried.inner.reached == 1
    assert TOKEN not in (tmp_path / "audit.jsonl").read_text()
    assert [line["reason"] for line in tried.audit.lines()][-3:] == ["token in the address", "token in the address", ""]


def test_v2_foreign_hosts_origins_kinds_and_methods_reach_nothing(tried: Tried):
    hosts = (HOST, "localhost:8000", "evil.example", f"evil.example:{HOST[-4:]}", "127.0.0.1")
    origins = (None, f"http://{HOST}", "http://evil.example", "null", "file://")
    kinds = ("application/json", "text/plain", "application/x-www-form-urlencoded", "", "text/html")
    for host, origin, kind in itertools.product(hosts, origins, kinds):
        headers = {
            **GOOD,
            "host": host,
            **({"origin": origin} if origin else {}),
            **({"content-type": kind} if kind else {}),
        }
        before = tried.inner.reached
        status = tried.ask("POST", "/predict", headers=headers, content=b"{}").status_code
        good_place = host in hosts[:2] and origin in origins[:2]
        expected = (200 if kind in ("application/json", "") else 415) if good_place else 403
        assert status == expected, (host, origin, kind)
        assert tried.inner.reached == before + (status == 200)
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"):
        assert tried.ask(method, "/predict", headers=GOOD).status_code == 403


def test_v4_large_bodies_are_refused_whether_they_say_so_or_not(tried: Tried):
    sent = []

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            sent.append(1)
            yield b"x" * 1000

    headers = {**GOOD, "content-type": "application/json"}
    assert tried.ask("POST", "/predict", headers=headers, content=b"x" * 10_001).status_code == 413
    assert tried.inner.reached == 0, "it said how long it is"
    assert tried.ask("POST", "/predict", headers=headers, content=endless()).status_code == 413
    lying = {**headers, "content-length": "-5"}
    assert tried.ask("POST", "/predict", headers=lying, content=b"{}").status_code == 413


def test_v3_a_body_that_does_not_come_is_not_waited_for(tried: Tried):
    async def main() -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(60)
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        headers = [(b"host", HOST.encode()), (b"authorization", f"Bearer {TOKEN}".encode())]
        headers += [(b"content-type", b"application/json"), (b"content-length", b"100")]
        scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": headers}
        await asyncio.wait_for(tried.guard(scope, receive, send), 10)
        return said

    assert asyncio.run(main())[0]["status"] == 408


def test_v6_when_too_many_are_inside_the_next_is_told_to_wait(tmp_path: Path):
    tried = Tried(Limits(at_once=0), tmp_path / "audit.jsonl")
    answer = tried.ask("GET", "/v2", headers=GOOD)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert tried.inner.reached == 0


def test_a_refused_request_is_in_the_book_with_its_reason(tried: Tried):
    tried.ask("GET", "/v2", headers={"host": "evil.example"})
    tried.ask("GET", "/v2", headers={"authorization": "Bearer no"})
    assert [(line["status"], line["reason"]) for line in tried.audit.lines()] == [(403, "host"), (401, "unknown")]
    assert tried.lines == list(tried.audit.lines())


Ask = Callable[..., httpx.Response]


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"{", b"\xff\xfe", b"[]", b'{"inputs": NaN}', b'{"a":' * 50_000, b"null", b""],
    ids=["deep", "torn", "bytes", "list", "nan", "nested", "null", "empty"],
)
def test_v4_damaged_json_is_said(ask: Ask, body: bytes):
    for path in ("/predict", "/v1/completions", "/v1/chat/completions"):
        answer = ask("POST", path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 415), (path, answer.text)
        assert answer.json()["error"]


@pytest.fixture
def ask(service: Any) -> Ask:
    def one(method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**GOOD, **more.pop("headers", {})}
        return httpx.request(method, service.address + path, headers=headers, timeout=60, **more)

    return one


def test_v4_a_thousand_parts_are_refused(ask: Ask):
    parts = [("image", (f"{n}.png", b"x", "image/png")) for n in range(1000)]
    assert ask("POST", "/predict", files=parts).status_code == 400


@pytest.mark.parametrize(
    "tensor",
    [
        {"name": "image", "shape": [1, 8, 8, 1], "datatype": "UINT8", "data": [1, 2]},
        {"name": "image", "shape": [-1, 8], "datatype": "UINT8", "data": []},
        {"name": "image", "shape": [1_000_000_000], "datatype": "BYTES", "data": ["x"]},
        {"name": "image", "shape": [1], "datatype": "BYTES", "data": ["no image"]},
        {"name": "image", "shape": [1, 8, 8, 1], "datatype": "ODD", "data": [0] * 64},
        {"name": "other", "shape": [1], "datatype": "BYTES", "data": ["x"]},
        {"name": "image", "shape": [1, 8, 8, 1], "datatype": "UINT8", "data": [{}] * 64},
        {"name": "image", "shape": "none", "datatype": "UINT8", "data": 5},
        {"name": "image", "shape": [1], "datatype": "UINT8", "parameters": {"binary_data_size": 10**9}},
        {"shape": [1]},
        5,
    ],
)
def test_v5_bad_tensors_are_said_and_the_service_goes_on(ask: Ask, service: Any, tensor: Any):
    name = next(iter(service.runs))
    answer = ask("POST", f"/v2/models/{name}/infer", json={"inputs": [tensor]})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]
    good = {"name": "image", "shape": [1, 8, 8, 1], "datatype": "UINT8", "data": [0] * 64}
    assert ask("POST", f"/v2/models/{name}/infer", json={"inputs": [good]}).status_code == 200


def test_v5_a_picture_too_large_to_decode_is_said(ask: Ask):
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0" + b"\0" * 40
    for content in (header, b"GIF89a" + b"\xff" * 20, b"", b"%PDF-1.7"):
        answer = ask(
            "POST", "/predict", files={"image": ("a.png", content, "image/png")}, params={"model": _first(ask)}
        )
        assert answer.status_code == 400, answer.text


def _first(ask: Ask) -> str:
    return json.loads(ask("POST", "/v2/repository/index", headers={"content-length": "0"}).text)[0]["name"]
