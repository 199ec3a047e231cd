"""What stands before every handler: hosts, origins, tokens, kinds and sizes of bodies, and patience (FAULTS V)."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from workbench.serving.audit import AuditLog
from workbench.serving.counters import Counters
from workbench.serving.tokens import Tokens

Scope = MutableMapping[str, Any]
_OPEN = frozenset({"/v2/health/live", "/docs", "/openapi.json"})  # they say nothing about models, and run none
_KINDS = ("application/json", "multipart/form-data", "text/csv", "application/octet-stream")
_MANY, _FORBIDDEN, _UNAUTHORIZED, _TOO_LARGE, _WRONG_KIND, _TOO_SLOW = 429, 403, 401, 413, 415, 408
_WORDS = {
    _MANY: "Too many requests: wait a moment.",
    _FORBIDDEN: "This service answers only those who ask it by its own address.",
    _UNAUTHORIZED: "A valid token is needed, in the header: Authorization: Bearer TOKEN.",
    _TOO_LARGE: "The request is too large.",
    _WRONG_KIND: "The body must be JSON, multipart, CSV or binary.",
    _TOO_SLOW: "The request took too long to come.",
}


@dataclass(frozen=True)
class Limits:
    """most_bytes: of a body. seconds: in which it must have come. at_once: requests that are let in."""

    most_bytes: int = 32 << 20
    seconds: float = 30.0
    at_once: int = 512


DEFAULT = Limits()


@dataclass
class _Body:
    """A body as it comes in."""

    bytes: int = 0
    too_large: bool = False
    too_slow: bool = False
    answered: bool = False
    status: int = 0
    end: float = field(default=0.0)


class Refused(Exception):
    """The body is more than it may be, or does not come."""


class Guard:
    """An ASGI application around another one, which is reached only by what is allowed.

    hosts: names under which it may be asked, "127.0.0.1:8000".
    """

    def __init__(
        self,
        app: Any,
        tokens: Tokens,
        hosts: Callable[[], frozenset[str]],
        counters: Counters,
        audit: AuditLog,
        limits: Limits = DEFAULT,
    ) -> None:
        self._app, self._tokens, self._hosts = app, tokens, hosts
        self._counters, self._audit, self._limits = counters, audit, limits
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._judged(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _judged(self, scope: Scope, receive: Any, send: Any) -> None:
        began, body = time.perf_counter(), _Body()
        headers = _headers(scope)
        status, reason, who = self._why_not(scope, headers)
        if status:
            wait = self._tokens.seconds_to_wait(who) if status == _MANY else 1
            await _say(scope, send, status, body, wait)
        else:
            self._inside += 1
            try:
                await self._let_in(scope, receive, send, body)
            finally:
                self._inside -= 1
            reason = "" if body.status < 400 else _reason(body.status)
        seconds = time.perf_counter() - began
        client = (scope.get("client") or ("",))[0]
        route = getattr(scope.get("route"), "path", "refused" if status else "unknown")
        self._audit.note(
            token=who, client=client, method=scope["method"], path=scope["path"][:200], route=route,
            status=body.status, reason=reason, seconds=round(seconds, 6),
        )  # fmt: skip
        self._counters.count(route, body.status, seconds, refused=reason if status else "")

    def _why_not(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Return the status of a refusal, its reason and whose token it is; (0, "", name) where there is none."""
        hosts = self._hosts()
        if headers.get("host", "").lower() not in hosts:
            return _FORBIDDEN, "host", ""
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() not in hosts:
            return _FORBIDDEN, "origin", ""
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return _FORBIDDEN, "method", ""
        if _names_a_token(scope.get("query_string", b"")):
            return _UNAUTHORIZED, "token in the address", ""
        who = ""
        if scope["path"] not in _OPEN:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            refusal, who = self._tokens.judged(token.strip() if scheme.lower() == "bearer" else "")
            if refusal:
                return (_MANY if refusal == "too many" else _UNAUTHORIZED), refusal, who
        if scope["method"] == "POST":
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind and kind not in _KINDS:  # a page of another site has no way to send one of these unasked
                return _WRONG_KIND, "content type", who
            length = headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > self._limits.most_bytes:
                return _TOO_LARGE, "size", who
        if self._inside >= self._limits.at_once:
            return _MANY, "too many", who
        return 0, "", who

    async def _let_in(self, scope: Scope, receive: Any, send: Any, body: _Body) -> None:
        body.end = asyncio.get_running_loop().time() + self._limits.seconds
        finished = False

        async def heard() -> dict[str, Any]:
            nonlocal finished
            if finished:
                return await receive()  # tells when the client goes away; that may take as long as the answer
            try:
                async with asyncio.timeout_at(body.end):
                    message = await receive()
            except TimeoutError:
                body.too_slow = True
                raise Refused from None
            body.bytes += len(message.get("body", b""))
            finished = not message.get("more_body", False)
            if body.bytes > self._limits.most_bytes:
                body.too_large = True
                raise Refused
            return message

        async def said(message: dict[str, Any]) -> None:
            if body.too_large or body.too_slow:
                return  # what the application makes of it; the answer is given here
            if message["type"] == "http.response.start":
                body.answered, body.status = True, message["status"]
            await send(message)

        try:
            await self._app(scope, heard, said)
        except Refused:
            if not body.answered:
                await _say(scope, send, _TOO_LARGE if body.too_large else _TOO_SLOW, body)


def _names_a_token(query: bytes) -> bool:
    names = (name.lower() for name, _ in parse_qsl(query.decode("latin-1"))) if query else ()
    return any("token" in name or "key" in name for name in names)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def error_for(path: str, words: str) -> str | dict[str, str]:
    """Return an error as the clients of this route expect it."""
    return {"message": words, "type": "invalid_request_error"} if path.startswith("/v1/") else words


def _reason(status: int) -> str:
    return {_TOO_LARGE: "size", _TOO_SLOW: "time", _MANY: "too many"}.get(status, "")


async def _say(scope: Scope, send: Any, status: int, body: _Body, wait: int = 1) -> None:
    body.answered, body.status = True, status
    content = json.dumps({"error": error_for(scope["path"], _WORDS[status])}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    headers += [(b"connection", b"close")]  # what else comes on this connection is not read
    if status == _MANY:
        headers += [(b"retry-after", str(wait).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
