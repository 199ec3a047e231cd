"""The shortest way to what is asked most: a request for an answer of a model passes by the framework."""

from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request

from workbench.core.errors import UserError
from workbench.serving.batching import QueueFull
from workbench.serving.problems import answered

ASKED_MOST = "/v2/models/{name}/infer"


class Direct:
    """An ASGI application that calls the handler of one route by itself, and leaves all else to the framework.

    What FastAPI does around a handler (validation, dependencies, exits, three layers for errors) takes longer than a
    small model takes to answer. The handler is the route's own, so that it is described and tested with the others.
    """

    def __init__(self, app: FastAPI, route: APIRoute) -> None:
        self._app, self._route = app, route

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        found = None
        if scope["type"] == "http" and scope["method"] in self._route.methods:
            found = self._route.path_regex.match(scope["path"])
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route
        request = Request(scope, receive)
        try:
            response = await self._route.endpoint(request, **found.groupdict())
        except (UserError, QueueFull) as error:
            response = answered(request, error)
        await response(scope, receive, send)
