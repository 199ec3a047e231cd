"""OpenAI's completions and chat for models that write texts, whole or as a stream of server-sent events."""

import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse, StreamingResponse

from workbench.inference.sampling import Sampling
from workbench.serving.problems import BadRequest, NotFound, read_json
from workbench.serving.served import ServedModel, Shelf

_MOST_CHARACTERS = 1_000_000
_MOST_TOKENS = 4096  # that one request may have written
# What these routes know elsewhere and would change the answer, with the values that ask for nothing.
_UNUSED = {
    "n": (1,), "best_of": (1,), "logprobs": (False, 0), "top_logprobs": (0,), "echo": (False,), "suffix": ("",),
    "presence_penalty": (0,), "frequency_penalty": (0,), "logit_bias": ({},), "tools": ([],), "functions": ([],),
}  # fmt: skip


def routes(shelf: Shelf) -> APIRouter:
    """Return the routes below /v1."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"])

    @router.get("/models", summary="The models that write texts")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_facts(model) for model in shelf if model.writes]}

    @router.get("/models/{name}", summary="A model that writes texts")
    async def one(name: str) -> dict[str, Any]:
        return _facts(_writer(shelf, name))

    @router.post("/completions", summary="Write on from a text")
    async def completions(request: Request) -> Response:
        plain = await read_json(request)
        prompt = plain.get("prompt", "")
        if isinstance(prompt, list) and len(prompt) == 1:
            prompt = prompt[0]
        if not isinstance(prompt, str) or len(prompt) > _MOST_CHARACTERS:
            raise BadRequest("The prompt must be one text.")
        return await _answer(shelf, plain, prompt, chat=False)

    @router.post("/chat/completions", summary="Answer in a conversation")
    async def chat(request: Request) -> Response:
        plain = await read_json(request)
        return await _answer(shelf, plain, _conversation(plain.get("messages")), chat=True)

    return router


def _facts(model: ServedModel) -> dict[str, Any]:
    return {"id": model.name, "object": "model", "created": int(model.loaded), "owned_by": "workbench"}


def _writer(shelf: Shelf, name: Any) -> ServedModel:
    model = shelf.loaded(str(name))
    if model is None:
        raise NotFound("There is no model called {name}, or it is not loaded.", name=str(name)[:200])
    if not model.writes:
        raise BadRequest("This model does not write texts.")
    return model


def _conversation(messages: Any) -> str:
    """Return the messages as one text: who says what, a line each, and whose turn it is."""
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages must be a list of at least one message.")
    lines = []
    for message in messages:
        if not isinstance(message, dict):
            raise BadRequest("A message has a role and a content.")
        content = message.get("content")
        if isinstance(content, list):
            content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        if not isinstance(content, str) or not isinstance(message.get("role"), str):
            raise BadRequest("A message has a role and a content.")
        lines.append(f"{message['role']}: {content}\n")
    text = "".join(lines)
    if len(text) > _MOST_CHARACTERS:
        raise BadRequest("The conversation is too long.")
    return text + "assistant:"


async def _answer(shelf: Shelf, plain: Mapping[str, Any], prompt: str, *, chat: bool) -> Response:
    model = _writer(shelf, plain.get("model", ""))
    if plain.get("n", 1) not in (1, None):
        raise BadRequest("One answer is written at a time: n must be 1.")
    sampling = _sampling(plain)
    head = {
        "id": f"{'chatcmpl' if chat else 'cmpl'}-{secrets.token_hex(12)}",
        "created": int(time.time()),
        "model": model.name,
    }
    if plain.get("stream"):
        return StreamingResponse(_streamed(model, prompt, sampling, head, chat), media_type="text/event-stream")
    text, usage, reason = "", {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, "length"
    async for token, writing in model.written(prompt, sampling):
        text += token.text
        done = usage["completion_tokens"] + 1
        usage = {
            "prompt_tokens": writing.prompt_tokens, "completion_tokens": done,
            "total_tokens": writing.prompt_tokens + done,
        }  # fmt: skip
        reason = _reason(writing.reason)
    kind = "chat.completion" if chat else "text_completion"
    said: dict[str, Any] = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    choice = {"index": 0, **said, "finish_reason": reason, "logprobs": None}
    return JSONResponse({**head, "object": kind, "choices": [choice], "usage": usage})


async def _streamed(
    model: ServedModel, prompt: str, sampling: Sampling, head: Mapping[str, Any], chat: bool
) -> AsyncIterator[bytes]:
    kind = "chat.completion.chunk" if chat else "text_completion"

    def event(said: Mapping[str, Any], reason: str | None) -> bytes:
        choice = {"index": 0, **({"delta": said} if chat else said), "finish_reason": reason, "logprobs": None}
        return b"data: " + json.dumps({**head, "object": kind, "choices": [choice]}).encode() + b"\n\n"

    if chat:
        yield event({"role": "assistant", "content": ""}, None)
    reason = "length"
    async for token, writing in model.written(prompt, sampling):
        if token.text:
            yield event({"content": token.text} if chat else {"text": token.text}, None)
        reason = _reason(writing.reason)
    yield event({} if chat else {"text": ""}, reason)
    yield b"data: [DONE]\n\n"


def _reason(reason: str) -> str:
    return "stop" if reason in ("stop", "end") else "length"


def _sampling(plain: Mapping[str, Any]) -> Sampling:
    """Return the sampling that a request of OpenAI's kind asks for; raises UserError for values that mean nothing."""
    stop = plain.get("stop") or ()
    tokens = plain.get("max_completion_tokens") or plain.get("max_tokens") or 16
    seed, temperature, top_p = (plain.get(name) for name in ("seed", "temperature", "top_p"))
    if not isinstance(tokens, int) or isinstance(tokens, bool):
        raise BadRequest("{name} must be a whole number.", name="max_tokens")
    if tokens > _MOST_TOKENS:
        raise BadRequest("{name} can be at most {most}.", name="max_tokens", most=_MOST_TOKENS)
    for name, usual in _UNUSED.items():
        if plain.get(name) not in (None, *usual):
            raise BadRequest("{name} is not offered by this service: leave it out.", name=name)
    return Sampling(
        max_tokens=tokens,
        temperature=1.0 if temperature is None else temperature,
        top_p=1.0 if top_p is None else top_p,
        seed=0 if seed is None else seed,
        stop=(stop,) if isinstance(stop, str) else tuple(map(str, stop)),
    )
