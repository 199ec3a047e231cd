"""The application: all routes, and how their errors are told."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse

from workbench import __version__
from workbench.core.errors import UserError
from workbench.serving import docs, open_inference, openai_routes, simple
from workbench.serving.batching import QueueFull
from workbench.serving.counters import Counters
from workbench.serving.direct import Direct
from workbench.serving.guard import error_for
from workbench.serving.problems import answered
from workbench.serving.served import Shelf


def application(shelf: Shelf, counters: Counters) -> Direct:
    """Return all routes; who may reach them is for the guard around it to say."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await shelf.close()

    app = FastAPI(
        title="Workbench",
        version=__version__,
        summary="Models trained with Workbench, as a service.",
        lifespan=life,
        docs_url=None,  # FastAPI's own page loads scripts from elsewhere
        redoc_url=None,
    )
    routers = [module.routes(shelf) for module in (open_inference, simple, openai_routes)]
    for router in routers:
        app.include_router(router)

    @app.get("/metrics", summary="What is counted, for Prometheus")
    async def metrics() -> Response:
        return Response(counters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/docs", include_in_schema=False)
    async def about() -> Response:
        return HTMLResponse(docs.page(app.openapi()), headers={"content-security-policy": docs.POLICY})

    async def said(request: Request, error: Exception) -> Response:
        return answered(request, error)

    async def not_routed(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": error_for(request.url.path, str(error.detail))}, error.status_code)

    for kind in (UserError, QueueFull):
        app.add_exception_handler(kind, said)
    app.add_exception_handler(HTTPException, not_routed)
    return Direct(app, shelf, _asked_most(routers))


def _asked_most(routers: Iterable[APIRouter]) -> APIRoute:
    [found] = [
        route
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.path == open_inference.ASKED_MOST
    ]
    return found
