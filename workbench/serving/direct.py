"""The shortest way to what is asked most: a request for an answer of a model passes by the framework."""

from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request

from workbench.core.errors import UserError
from workbench.serving.batching import QueueFull
from workbench.serving.open_inference import JSON_LENGTH, asked
from workbench.serving.problems import answered
from workbench.serving.served import Shelf

_LENGTH = JSON_LENGTH.encode()


class Direct:
    """An ASGI application that answers requests of one route by itself, and leaves all else to the framework.

    What FastAPI does around a handler (validation, dependencies, exits, three layers for errors) takes longer than a
    small model takes to answer. route: as the framework has it, whose handler does the same, and by which it is
    described and counted.
    """

    def __init__(self, app: FastAPI, shelf: Shelf, route: APIRoute) -> None:
        self._app, self._shelf, self._route = app, shelf, route

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        found = None
        if scope["type"] == "http" and scope["method"] == "POST":
            found = self._route.path_regex.match(scope["path"])
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route
        length = next((value.decode("latin-1") for name, value in scope["headers"] if name == _LENGTH), None)
        body = await _body(receive)
        if body is None:
            return
        try:
            response = await asked(self._shelf, found["name"], body, length)
        except (UserError, QueueFull) as error:
            response = answered(Request(scope), error)
        await response(scope, receive, send)


async def _body(receive: Any) -> bytes | None:
    """Return the whole body of a request; None when the client has gone."""
    parts = []
    while (message := await receive())["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)
    return None
