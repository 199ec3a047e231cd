"""The Open Inference Protocol, version 2, with its extension for binary tensors: for every model.

Images are a tensor "image", UINT8 (n, height, width, channels), or BYTES (n) with the contents of files; texts are
"text", BYTES (n); of tables each column is a tensor of its own, numbers or BYTES (n); series are "series", FP32 (n,
steps, columns). What a model tells is a tensor named after it (probabilities, values, logits, restored), and "label",
BYTES, where there is one.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from pydantic_core import from_json, to_json

from workbench import __version__
from workbench.serving.problems import BadRequest, NotFound
from workbench.serving.served import Encoded, ServedModel, Shelf, Told

_TYPES = {
    "BOOL": np.bool_, "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
}  # fmt: skip
ASKED_MOST = "/v2/models/{name}/infer"
_MOST = 4096  # inputs in one request
JSON_LENGTH = "inference-header-content-length"


def routes(shelf: Shelf) -> APIRouter:
    """Return the routes below /v2."""
    router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])

    @router.get("/health/live", summary="Whether the service runs")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @router.get("/health/ready", summary="Whether it can answer")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @router.get("", summary="What the service is")
    async def server() -> dict[str, Any]:
        return {"name": "workbench", "version": __version__, "extensions": ["binary_tensor_data", "model_repository"]}

    @router.get("/models/{name}/ready", summary="Whether a model is loaded")
    async def model_ready(name: str) -> dict[str, Any]:
        _loaded(shelf, name)
        return {"name": name, "ready": True}

    @router.get("/models/{name}", summary="What a model takes and tells")
    async def metadata(name: str) -> dict[str, Any]:
        model = _loaded(shelf, name)
        return {
            "name": name, "versions": ["1"], "platform": "workbench_pytorch",
            "inputs": _inputs(model), "outputs": _outputs(model),
        }  # fmt: skip

    @router.post("/models/{name}/infer", summary="Ask a model")
    async def infer(request: Request, name: str) -> Response:
        return await asked(shelf, name, await request.body(), request.headers.get(JSON_LENGTH))

    @router.post("/repository/index", summary="All models")
    async def index() -> list[dict[str, str]]:
        return [
            {"name": name, "version": "1", "state": "READY" if shelf.loaded(name) else "UNAVAILABLE", "reason": ""}
            for name in shelf.runs
        ]

    @router.post("/repository/models/{name}/load", summary="Load a model")
    async def load(name: str) -> dict[str, str]:
        if name not in shelf.runs:
            raise NotFound("There is no model called {name}.", name=name)
        shelf.load(name)
        return {"name": name}

    @router.post("/repository/models/{name}/unload", summary="Unload a model")
    async def unload(name: str) -> dict[str, str]:
        _loaded(shelf, name)
        await shelf.unload(name)
        return {"name": name}

    return router


async def asked(shelf: Shelf, name: str, body: bytes, length: str | None) -> Response:
    """Return the response to a request for answers of the model `name`; raises UserError or QueueFull.

    length: of the JSON at the beginning of the body, as the header says it; None when all of it is JSON.
    """
    model = _loaded(shelf, name)
    plain, tensors = _read(body, length)
    told = await model.told(_raws(model, tensors))
    return _written(model, plain, told)


def _loaded(shelf: Shelf, name: str) -> ServedModel:
    model = shelf.loaded(name)
    if model is None:
        raise NotFound("There is no model called {name}, or it is not loaded.", name=name[:200])
    return model


def _inputs(model: ServedModel) -> list[dict[str, Any]]:
    preprocessing = model.predictor.preprocessing
    match model.kind:
        case "image":
            sides = [preprocessing.height, preprocessing.width, preprocessing.channels]
            return [{"name": "image", "datatype": "UINT8", "shape": [-1, *sides]}]
        case "text":
            return [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
        case "table":
            return [
                {"name": column.name, "datatype": "BYTES" if hasattr(column, "categories") else "FP64", "shape": [-1]}
                for column in preprocessing.columns
            ]
        case _:
            shape = [-1, preprocessing.length, len(preprocessing.columns)]
            return [{"name": "series", "datatype": "FP32", "shape": shape}]


def _outputs(model: ServedModel) -> list[dict[str, Any]]:
    task, goal = model.predictor.task, model.predictor.task.goal
    shape: list[int] = [model.predictor.model.outputs]
    if task.name == "forecasting":
        shape = [goal["horizon"], len(goal["names"])]
    elif task.name in ("next_token", "masked_token"):
        shape = [-1, model.predictor.model.outputs]
    elif task.name == "reconstruction":
        shape = list(goal["shape"])
    found = [{"name": task.tells, "datatype": "FP32", "shape": [-1, *shape]}]
    if task.tells == "probabilities":
        found.append({"name": "label", "datatype": "BYTES", "shape": [-1]})
    return found


def _read(body: bytes, length: str | None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the request without its tensors, and these by name; raises BadRequest."""
    try:
        split = len(body) if length is None else int(length)
        plain = from_json(body[:split])  # three times as fast as json's
        rest, tensors = memoryview(body)[split:], {}
        for given in plain["inputs"]:
            size = (given.get("parameters") or {}).get("binary_data_size")
            if size is None:
                tensors[given["name"]] = _from_json(given)
            else:
                if not 0 <= int(size) <= len(rest):
                    raise ValueError("there are fewer bytes than binary_data_size says")
                tensors[given["name"]] = _from_bytes(given, rest[: int(size)])
                rest = rest[int(size) :]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, struct.error) as error:
        raise BadRequest("The request does not follow the protocol.", details=str(error)[:200]) from None
    return plain, tensors


def _shape(given: Mapping[str, Any]) -> tuple[int, ...]:
    shape = tuple(int(side) for side in given["shape"])
    if any(side < 0 for side in shape) or not shape or shape[0] > _MOST:
        raise ValueError(f"the shape {shape} cannot be")
    return shape


def _from_json(given: Mapping[str, Any]) -> np.ndarray:
    shape, kind = _shape(given), given["datatype"]
    if kind == "BYTES":
        flat = np.array(given["data"], dtype=object).reshape(-1)
        return np.array([str(value) for value in flat], dtype=object).reshape(shape)
    if kind == "UINT8" and (pixels := _pixels(given["data"])) is not None:
        return pixels.reshape(shape)
    flat = np.array(given["data"])
    if flat.dtype == object or flat.dtype.kind not in "biuf":
        raise ValueError("the data are not numbers")
    return flat.astype(_TYPES[kind]).reshape(shape)


def _pixels(data: Any) -> np.ndarray | None:
    """Return a flat list of bytes as an array, four times as fast as numpy reads one; None for anything else."""
    try:
        return np.frombuffer(bytes(data), np.uint8) if isinstance(data, list) else None
    except (TypeError, ValueError):
        return None


def _from_bytes(given: Mapping[str, Any], content: memoryview) -> np.ndarray:
    shape = _shape(given)
    if given["datatype"] != "BYTES":
        return np.frombuffer(content, _TYPES[given["datatype"]]).reshape(shape)
    values, at = [], 0
    while at < len(content):
        (size,) = struct.unpack_from("<I", content, at)
        if at + 4 + size > len(content):
            raise ValueError("an element is longer than what is there")
        values.append(bytes(content[at + 4 : at + 4 + size]))
        at += 4 + size
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result.reshape(shape)


def _raws(model: ServedModel, tensors: Mapping[str, np.ndarray]) -> list[Any]:
    """Return the inputs, one by one, as the model's preprocessing takes them; raises BadRequest."""
    wanted = _inputs(model)
    if model.kind == "table":
        return _rows([str(column["name"]) for column in wanted], tensors)
    name = str(wanted[0]["name"])
    if set(tensors) != {name}:
        raise BadRequest("This model takes one input, called {name}.", name=name)
    tensor = tensors[name]
    if model.kind == "text":
        return [_text(value) for value in tensor.reshape(-1)]
    if tensor.dtype == object:
        if model.kind != "image":
            raise BadRequest("{name} must be numbers.", name=name)
        return [value if isinstance(value, bytes) else b"" for value in tensor.reshape(-1)]
    shape = tuple(wanted[0]["shape"][1:])
    if tensor.shape[1:] != shape:
        raise BadRequest("{name} must have the shape (n, {shape}).", name=name, shape=", ".join(map(str, shape)))
    if model.kind == "image":
        if tensor.dtype != np.uint8:
            raise BadRequest("Images must be UINT8.")
        return [Encoded(row) for row in tensor]
    numbers = tensor.astype(np.float32)
    if np.isinf(numbers).any():
        raise BadRequest("{name} must be finite numbers, or NaN where a value is missing.", name=name)
    return list(numbers)


def _rows(columns: Sequence[str], tensors: Mapping[str, np.ndarray]) -> list[Any]:
    if unknown := sorted(set(tensors) - set(columns)):
        raise BadRequest("This model has no column called {name}.", name=unknown[0][:200])
    flat = {name: tensor.reshape(-1) for name, tensor in tensors.items()}
    counts = {len(values) for values in flat.values()}
    if len(counts) != 1:
        raise BadRequest("All columns must have as many values.")
    return [
        {name: _text(values[row]) if values.dtype == object else float(values[row]) for name, values in flat.items()}
        for row in range(counts.pop())
    ]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _written(model: ServedModel, plain: Mapping[str, Any], told: Sequence[Told]) -> Response:
    """Return the response in JSON, with tensors behind it where they are wanted as bytes."""
    tells = model.predictor.task.tells
    if len({each.numbers.shape for each in told}) > 1:
        raise BadRequest("Texts of one request must be of one length for this model.")
    tensors: dict[str, Any] = {tells: _stacked([each.numbers for each in told])}
    if tells == "probabilities":
        tensors["label"] = [str(each.answer["label"]) for each in told]
    asked = {str(output.get("name")): output.get("parameters") or {} for output in plain.get("outputs") or ()}
    if unknown := sorted(set(asked) - set(tensors)):
        raise BadRequest("This model has no output called {name}.", name=unknown[0][:200])
    all_binary = bool((plain.get("parameters") or {}).get("binary_data_output"))
    outputs, blobs = [], []
    for name, values in tensors.items():
        if asked and name not in asked:
            continue
        binary = bool(asked.get(name, {}).get("binary_data", all_binary))
        facts, blob = _tensor(name, values, binary)
        outputs.append(facts)
        blobs.append(blob)
    found = {"model_name": model.name, "model_version": "1", "outputs": outputs}
    if "id" in plain:
        found["id"] = str(plain["id"])[:200]
    if not any(blobs):
        return Response(to_json(found), media_type="application/json")
    head = to_json(found)
    headers = {"Inference-Header-Content-Length": str(len(head))}
    return Response(head + b"".join(blobs), media_type="application/octet-stream", headers=headers)


def _stacked(rows: list[np.ndarray]) -> np.ndarray:
    if len(rows) == 1:
        return rows[0][None]  # nothing is copied
    return np.stack(rows) if rows else np.zeros((0, 1))


def _tensor(name: str, values: Any, binary: bool) -> tuple[dict[str, Any], bytes]:
    if isinstance(values, list):
        facts: dict[str, Any] = {"name": name, "datatype": "BYTES", "shape": [len(values)]}
        blob = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in values)
        plain: Any = values
    else:
        numbers = np.ascontiguousarray(values, np.float32)
        facts = {"name": name, "datatype": "FP32", "shape": list(numbers.shape)}
        blob, plain = numbers.tobytes(), None if binary else numbers.reshape(-1).tolist()
    if binary:
        return {**facts, "parameters": {"binary_data_size": len(blob)}}, blob
    return {**facts, "data": plain}, b""
