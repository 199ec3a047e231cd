"""Writing on: a trained model adds token after token to a text, and tells how probable each was."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.words import Words
from workbench.inference.predictor import Predictor
from workbench.inference.sampling import Sampling, drawn, penalised, softmax
from workbench.inference.single_rows import lay_out_for_single_rows
from workbench.networks.causal import Continues, Memory
from workbench.networks.recording import CudaRecorder, Record

CANDIDATES = 5  # that are told for every token
_KEPT = 3 / 4  # of the context that is read again when it is full
_HELD_BACK = 4  # tokens at most that wait for the rest of a character
_WARM = 2  # times that a token is read before that is recorded
_BEHIND = 8  # tokens before the new ones that are looked at to put them into words


@dataclass(frozen=True)
class Produced:
    """A token that was written.

    text: what it adds, nothing as long as a character is not complete. probability: what the model gave it before
    temperature, penalties and choice. candidates: the likeliest tokens with their probabilities, best first.
    """

    id: int
    text: str
    probability: float
    candidates: tuple[tuple[str, float], ...]

    def to_plain(self) -> dict[str, Any]:
        """Return plain values, as commands and window take them."""
        top = [{"label": label, "score": score} for label, score in self.candidates]
        return {"id": self.id, "text": self.text, "probability": self.probability, "top": top}


class Writing:
    """A text that grows while it is iterated over; the same model, prompt and sampling give the same text.

    reason: why it ended, "length", "stop" or "end", or "" while it goes on. notes: what is odd about the prompt.
    """

    def __init__(self, predictor: Predictor, prompt: str, sampling: Sampling | None = None) -> None:
        """Raises UserError when the model does not tell next tokens."""
        if predictor.task.name != "next_token":
            raise UserError(
                "This model does not write texts.", hint="Choose a model that was trained to tell the next token."
            )
        self.sampling = sampling or Sampling()
        self.preprocessing: Any = predictor.preprocessing
        self.reason = ""
        self.notes: tuple[Words, ...] = ()
        self.end, self._never = marks_of(self.preprocessing, predictor.model.outputs)
        self._reader = _Reader(predictor)
        self._chance = torch.Generator().manual_seed(self.sampling.seed)
        self.ids = [int(place) for place in self.preprocessing.stream([prompt])]
        self.prompt_tokens = len(self.ids)
        if self.prompt_tokens > self._reader.context:
            values = {"tokens": f"{self.prompt_tokens:,}", "context": f"{self._reader.context:,}"}
            self.notes = (Words("The text has {tokens} tokens. The model reads the last {context} of them.", values),)
        if not self.ids:
            self.ids = [self._beginning()]
        self._tokens = self._held_for_stops(self._written())

    def __iter__(self) -> Iterator[Produced]:
        return self._tokens

    def __next__(self) -> Produced:
        return next(self._tokens)

    def _beginning(self) -> int:
        """Return the token behind which a text begins."""
        special = getattr(self.preprocessing, "special", {})
        if "begin" in special or self.end is not None:
            return int(special.get("begin", self.end))
        line = self.preprocessing.stream(["\n"])
        return int(line[-1]) if len(line) and int(line[-1]) not in self._never else 2

    def _written(self) -> Iterator[Produced]:
        logits = self._reader.first(self.ids)
        prefix, done, waited = max(len(self.ids) - _BEHIND, 0), len(self.ids), 0
        for _ in range(self.sampling.max_tokens):
            place, probability, candidates = self._chosen(logits)
            if place == self.end:
                self.reason = "end"
                return
            self.ids.append(place)
            before, now = self._words(prefix, done), self._words(prefix, len(self.ids))
            waited += 1
            text = ""
            if not now.endswith("\ufffd") or waited > _HELD_BACK:
                text, prefix, done, waited = now[len(before) :], done, len(self.ids), 0
            yield Produced(place, text, probability, candidates)
            logits = self._reader.next(self.ids)
        self.reason = "length"

    def _words(self, begin: int, end: int) -> str:
        return self.preprocessing.decode(self.ids[begin:end])

    def _chosen(self, logits: Tensor) -> tuple[int, float, tuple[tuple[str, float], ...]]:
        numbers = logits.numpy().astype(np.float64)
        numbers[self._never] = -np.inf
        model = softmax(numbers)
        count = min(CANDIDATES, len(model))
        places = np.argpartition(model, -count)[-count:]
        best = places[np.argsort(-model[places], kind="stable")].tolist()
        told = tuple((self.preprocessing.token(place), float(model[place])) for place in best)
        place = drawn(penalised(numbers, self.ids, self.sampling.repetition_penalty), self.sampling, self._chance)
        return place, float(model[place]), told

    def _held_for_stops(self, tokens: Iterator[Produced]) -> Iterator[Produced]:
        """Yield tokens as soon as they can be no part of a stop text, and end before one."""
        stops = tuple(stop for stop in self.sampling.stop if stop)
        waiting: list[Produced] = []
        for token in tokens:
            waiting.append(token)
            text = "".join(item.text for item in waiting)
            found = [place for stop in stops if (place := text.find(stop)) >= 0]
            if found:
                self.reason = "stop"
                yield from _cut(waiting, min(found))
                return
            if not any(text.endswith(stop[:length]) for stop in stops for length in range(1, len(stop))):
                yield from waiting
                waiting = []
        yield from waiting


def _cut(tokens: Sequence[Produced], length: int) -> Iterator[Produced]:
    """Yield the tokens that make up the first characters, the last of them cut."""
    for token in tokens:
        if length <= 0:
            return
        yield Produced(token.id, token.text[:length], token.probability, token.candidates)
        length -= len(token.text)


class _Reader:
    """Logits of what follows, from a network that remembers what it read, or one that has to read all again."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._network = predictor.model.network
        self._continues = isinstance(self._network, Continues)
        read = predictor.model.inputs.shape[0]
        self.context = int(getattr(self._network, "context", read)) if self._continues else read
        self._memory: Any = None
        self._length = 0  # tokens in the memory
        self._one: _RecordedToken | None = None
        if self._continues and isinstance(self._network, nn.Module):
            lay_out_for_single_rows(self._network)

    def first(self, ids: Sequence[int]) -> Tensor:
        """Return the logits behind a prompt: (vocabulary,) float32 on the CPU."""
        return self._read(ids[-self.context :], fresh=True)

    def next(self, ids: Sequence[int]) -> Tensor:
        """Return the logits behind ids that are one longer than at the last call.

        When the context is full, the newest three quarters of it are read anew as if the text began there.
        """
        if not self._continues:
            return self._read(ids[-self.context :], fresh=True)
        if self._length < self.context:
            if isinstance(self._memory, Memory) and _records(self._predictor.device):
                return self._read_one(ids[-1])
            return self._read(ids[-1:], fresh=False)
        return self._read(ids[-max(1, int(self.context * _KEPT)) :], fresh=True)

    def _read(self, ids: Sequence[int], *, fresh: bool) -> Tensor:
        threads = self._predictor.model.threads
        if threads and torch.get_num_threads() != threads:
            torch.set_num_threads(threads)  # the same sums as in training
        tokens = torch.tensor([list(ids)], dtype=torch.int64, device=self._predictor.device)
        with torch.inference_mode():
            if not self._continues:
                return self._network(tokens)[0, -1].float().cpu()
            network: Any = self._network
            if fresh and isinstance(self._memory, Memory):
                self._memory.restart()
            memory = self._memory if not fresh or isinstance(self._memory, Memory) else None
            logits, self._memory = network.continued(tokens, memory)
            self._length = len(ids) + (0 if fresh else self._length)
            return logits[0].float().cpu()

    def _read_one(self, place: int) -> Tensor:
        """Read one token as it was recorded, which is done at the first."""
        with torch.inference_mode():
            self._one = self._one or _RecordedToken(self._network, self._memory)
            logits = self._one.read(place)
        self._length += 1
        return logits.float().cpu()


def _records(device: torch.device) -> bool:
    return device.type == "cuda"


class _RecordedToken:
    """One more token through a decoder, recorded: what takes longest on a GPU is telling it what to do."""

    def __init__(self, network: Any, memory: Memory, record: Record | None = None) -> None:
        self._memory = memory
        self._place = torch.tensor([memory.length], device=memory.keys.device)
        self._token = torch.zeros((1, 1), dtype=torch.int64, device=memory.keys.device)
        self._logits = torch.empty(0)

        def once() -> None:
            self._logits = network.continued(self._token, memory)[0]

        length, recent = memory.length, None if memory.recent is None else memory.recent.clone()
        memory.place = self._place
        for _ in range(_WARM):
            once()
        self._again = (record or CudaRecorder())(once)
        memory.length = length
        if memory.recent is not None and recent is not None:
            memory.recent.copy_(recent)

    def read(self, place: int) -> Tensor:
        """Return the logits (vocabulary,) behind the token, which the next call overwrites."""
        memory, length = self._memory, self._memory.length
        memory.place = self._place.fill_(length)
        self._token.fill_(place)
        self._again()
        memory.length = length + 1
        return self._logits[0]


def marks_of(preprocessing: Any, vocabulary: int) -> tuple[int | None, list[int]]:
    """Return the id that ends a text, if there is one, and the ids that are never written."""
    special = getattr(preprocessing, "special", None)
    if not isinstance(special, Mapping):
        return None, [0, 1]
    end = special.get("end")
    return end, sorted({place for name, place in special.items() if name != "end" and place != end})


def written(predictor: Predictor, prompt: str, sampling: Sampling) -> str:
    """Return what the model adds to the prompt."""
    return "".join(token.text for token in Writing(predictor, prompt, sampling))
