"""Errors on the way through HTTP: what happened and what to do next, with the status that says whose fault it is."""

from typing import Any

from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import JSONResponse

from workbench.core.errors import UserError
from workbench.serving.batching import QueueFull
from workbench.serving.guard import error_for


class BadRequest(UserError):
    """What was asked means nothing."""


class NotFound(UserError):
    """There is no such model."""


async def read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body; raises BadRequest when it is none."""
    try:
        plain = from_json(await request.body(), allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest("The body is not valid JSON.", details=str(error)[:200]) from None
    if not isinstance(plain, dict):
        raise BadRequest("The body must be a JSON object.")
    return plain


def answered(request: Request, error: Exception) -> JSONResponse:
    """Return the response to an error of those named here."""
    path = request.url.path
    if isinstance(error, QueueFull):
        words = "Too many requests wait for this model. Try again in a moment."
        return JSONResponse({"error": error_for(path, words)}, 429, headers={"retry-after": "1"})
    assert isinstance(error, UserError)
    status = 404 if isinstance(error, NotFound) else 400
    return JSONResponse({"error": error_for(path, error.translated())}, status)
