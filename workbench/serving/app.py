"""The application: all routes, behind the guard."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from workbench import __version__
from workbench.core.errors import UserError
from workbench.serving import open_inference, openai_routes, simple
from workbench.serving.batching import QueueFull
from workbench.serving.counters import Counters
from workbench.serving.guard import DEFAULT, Guard, Limits, error_for
from workbench.serving.problems import answered
from workbench.serving.served import Shelf
from workbench.serving.tokens import AuditLog, Tokens


def application(
    shelf: Shelf,
    tokens: Tokens,
    hosts: Callable[[], frozenset[str]],
    counters: Counters,
    audit: AuditLog,
    limits: Limits = DEFAULT,
    told: Callable[[Mapping[str, Any]], None] = lambda line: None,
) -> Guard:
    """Return the application; told: is given a line of every request."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await shelf.close()

    app = FastAPI(
        title="Workbench",
        version=__version__,
        summary="Models trained with Workbench, as a service.",
        lifespan=life,
        redoc_url=None,
    )
    for module in (open_inference, simple, openai_routes):
        app.include_router(module.routes(shelf))

    @app.get("/metrics", summary="What is counted, for Prometheus")
    async def metrics() -> Response:
        return Response(counters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def said(request: Request, error: Exception) -> Response:
        return answered(request, error)

    async def not_routed(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": error_for(request.url.path, str(error.detail))}, error.status_code)

    for kind in (UserError, QueueFull):
        app.add_exception_handler(kind, said)
    app.add_exception_handler(HTTPException, not_routed)
    return Guard(app, tokens, hosts, counters, audit, limits, told)
