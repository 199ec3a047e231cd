"""POST /predict: an image, a text, rows of a table, and the answer that people read."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile

from workbench.core.events import finite
from workbench.serving.problems import BadRequest, NotFound, read_json
from workbench.serving.served import ServedModel, Shelf

_MOST_FILES, _MOST_ROWS = 64, 4096
_FORMS = {
    "image": "multipart files",
    "text": '{"text": "…"} or {"texts": ["…"]}',
    "table": '{"row": {"column": value}}, {"rows": […]} or CSV',
    "series": '{"series": [[number, …], …]}',
}


def routes(shelf: Shelf) -> APIRouter:
    """Return /predict, for the only model or for the one that `?model=` names."""
    router = APIRouter(tags=["Simple"])

    @router.post("/predict", summary="Ask with a file, a text or rows")
    async def predict(request: Request, model: str = "") -> dict[str, Any]:
        """Multipart: files called `image`. JSON: {"text": …}, {"texts": […]}, {"row": {…}}, {"rows": […]} or
        {"series": [[…]]}. CSV: rows below the names of their columns.
        """
        chosen = _chosen(shelf, model)
        told = await chosen.told(await _raws(chosen, request))
        return {"model": chosen.name, "predictions": [finite(dict(each.answer)) for each in told]}

    return router


def _chosen(shelf: Shelf, name: str) -> ServedModel:
    loaded = list(shelf)
    if name:
        model = shelf.loaded(name)
        if model is None:
            raise NotFound("There is no model called {name}, or it is not loaded.", name=name[:200])
        return model
    if len(loaded) != 1:
        raise BadRequest("Say which model: /predict?model=NAME.")
    return loaded[0]


async def _raws(model: ServedModel, request: Request) -> Sequence[Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _files(model, request)
    if kind == "text/csv":
        return _csv(model, await request.body())
    if kind != "application/json":
        raise BadRequest("Send multipart files, JSON or CSV.")
    plain = await read_json(request)
    match model.kind, plain:
        case "text", {"text": str(text)}:
            return [text]
        case "text", {"texts": [*texts]} if all(isinstance(text, str) for text in texts):
            return _few(texts)
        case "table", {"row": dict(row)}:
            return [_row(row)]
        case "table", {"rows": [*rows]} if all(isinstance(row, dict) for row in rows):
            return [_row(row) for row in _few(rows)]
        case "series", {"series": [*series]}:
            try:
                return [np.array(series, np.float32)]
            except (ValueError, TypeError):
                raise BadRequest("A series is a list of rows of numbers.") from None
    raise BadRequest(
        "This model takes {kind}, and the body has none: {form}.", kind=model.kind, form=_FORMS[model.kind]
    )


def _few(inputs: list[Any]) -> list[Any]:
    """Return the inputs; raises BadRequest for more than are answered in one request, so that none is left out."""
    if len(inputs) > _MOST_ROWS:
        raise BadRequest("At most {most} inputs are answered in one request, and there are {count}.",
                         most=_MOST_ROWS, count=len(inputs))  # fmt: skip
    return inputs


def _row(row: dict[str, Any]) -> dict[str, Any]:
    if any(isinstance(value, list | dict) for value in row.values()):
        raise BadRequest("The values of a row are numbers and texts.")
    return row


async def _files(model: ServedModel, request: Request) -> Sequence[Any]:
    async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FILES) as form:
        parts = [value for _, value in form.multi_items()]
        contents = [await part.read() if isinstance(part, UploadFile) else part.encode() for part in parts]
    if not contents:
        raise BadRequest("There is no file in the body.")
    if model.kind == "image":
        return contents
    if model.kind == "text":
        return [content.decode("utf-8", "replace") for content in contents]
    if model.kind == "table":
        return [row for content in contents for row in _csv(model, content)]
    raise BadRequest("Send the series as JSON: {form}.", form=_FORMS["series"])


def _csv(model: ServedModel, content: bytes) -> Sequence[Any]:
    if model.kind != "table":
        raise BadRequest("Only models of tables take CSV. This one takes {form}.", form=_FORMS[model.kind])
    rows = _few(list(csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace")))))
    if not rows:
        raise BadRequest("There is no row in the CSV.")
    return [{name: value for name, value in row.items() if name is not None} for row in rows]
