"""The models that a service answers with: loaded, unloaded, each with its own queue, and a thread for long answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.inference.generation import Produced, Writing
from workbench.inference.predictor import Predictor
from workbench.inference.sampling import Sampling
from workbench.serving.batching import Batcher, QueueFull
from workbench.serving.counters import Counters

_DONE = object()


@dataclass(frozen=True)
class Told:
    """What a model says of one input: numbers, and the answer that people read."""

    numbers: np.ndarray
    answer: Mapping[str, Any]


class ServedModel:
    """One loaded model. Raises UserError when it cannot be used."""

    def __init__(self, name: str, run: RunFolder, device: str, counters: Counters, waiting: int) -> None:
        self.name, self.run = name, run
        self.predictor = Predictor.of_run(run, device)
        self.loaded = time.time()
        self._batches, self._queue = counters.batches.labels(name), counters.waiting.labels(name)
        self._tokens = counters.tokens.labels(name)
        self._batcher = Batcher(self._answered, 64, waiting, self._count, _is_read_at_once)
        self._writing = 0
        self._waiting = waiting
        self._turn = asyncio.Lock()

    @property
    def kind(self) -> str:
        """The kind of its inputs."""
        return self.predictor.model.inputs.kind

    @property
    def writes(self) -> bool:
        """Whether it writes texts."""
        return self.predictor.task.name == "next_token"

    async def told(self, raws: Sequence[Any]) -> list[Told]:
        """Return what it tells of raw or encoded inputs; raises UserError for one that cannot be read, or QueueFull."""
        return await self._batcher.ask_all(raws)

    async def written(self, prompt: str, sampling: Sampling) -> AsyncIterator[tuple[Produced, Writing]]:
        """Yield tokens as they are written, with the text that they belong to; one text is written at a time."""
        if self._writing >= self._waiting:
            raise QueueFull
        self._writing += 1
        try:
            async with self._turn:
                loop = asyncio.get_running_loop()
                writing = await loop.run_in_executor(None, Writing, self.predictor, prompt, sampling)
                tokens: Iterator[Produced] = iter(writing)
                while (token := await loop.run_in_executor(None, next, tokens, _DONE)) is not _DONE:
                    self._tokens.inc()
                    yield token, writing  # type: ignore[misc]
        finally:
            self._writing -= 1

    async def close(self) -> None:
        """Answer nothing more."""
        await self._batcher.close()

    def _count(self, together: int, waiting: int) -> None:
        self._batches.observe(together)
        self._queue.set(waiting)

    def _answered(self, raws: Sequence[Any]) -> list[Any]:
        """Return Told for each input, or the error of one that cannot be read.

        It is called in the thread of the batcher, or in the event loop where that takes no time.
        """
        found: list[Any] = [self._encoded(raw) for raw in raws]
        for shape in {each.shape for each in found if isinstance(each, np.ndarray)}:
            places = [n for n, each in enumerate(found) if isinstance(each, np.ndarray) and each.shape == shape]
            numbers, answers = self.predictor.told(np.stack([found[place] for place in places]), top=5)
            for place, row, answer in zip(places, numbers, answers, strict=True):
                found[place] = Told(row, answer)
        return found

    def _encoded(self, raw: Any) -> Any:
        try:
            if isinstance(raw, Encoded):
                return raw.values
            return self.predictor.encoded(raw)
        except UserError as error:
            return error


@dataclass(frozen=True)
class Encoded:
    """An input that comes as the numbers that preprocessing would make of it."""

    values: np.ndarray


def _is_read_at_once(raw: Any) -> bool:
    """Return whether reading an input takes no time: numbers or the row of a table, not a file or a long text."""
    return isinstance(raw, Encoded | dict | np.ndarray)


class Shelf:
    """All the models of a service by name, those that are loaded and those that could be."""

    def __init__(self, runs: Mapping[str, RunFolder], device: str, counters: Counters, waiting: int = 256) -> None:
        self.runs = dict(runs)
        self._device, self._counters, self._waiting = device, counters, waiting
        self._models: dict[str, ServedModel] = {}

    def load(self, name: str) -> ServedModel:
        """Load a model, unless it is; raises UserError for an unknown name or a model that cannot be used."""
        if name not in self.runs:
            raise UserError("There is no model called {name}.", name=name)
        if name not in self._models:
            self._models[name] = ServedModel(name, self.runs[name], self._device, self._counters, self._waiting)
        return self._models[name]

    async def unload(self, name: str) -> None:
        """Let go of a model; what waits for it is not answered."""
        if model := self._models.pop(name, None):
            await model.close()

    def loaded(self, name: str) -> ServedModel | None:
        """Return a model that is loaded, or None."""
        return self._models.get(name)

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(list(self._models.values()))

    async def close(self) -> None:
        """Let go of all models."""
        for name in list(self._models):
            await self.unload(name)
