"""A trained model in use: what it says about images and texts."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words, mark
from workbench.data import preprocessing
from workbench.inference import decoding_ahead
from workbench.inference.inversion import looks_inverted
from workbench.inference.model_folder import DESCRIPTION, NO_DESCRIPTION, Model, damaged, model_of, read_model
from workbench.inference.test_time import averaged
from workbench.inference.texts import text_of
from workbench.tasks import Task, tasks

Raw = Path | Image.Image | bytes | str | np.ndarray | Mapping[str, Any]
BATCH_SIZE = 64
_MOST_NUMBERS = 5 << 18  # that go into a CPU at once: what comes of more does not stay in its cache
_NOTES = {  # what was done to an input on the way; of images by the names of core.images.NOTES
    "first_frame": mark("Only the first picture of it is used."),
    "alpha": mark("Transparency is shown over white."),
    "deep": mark("It was brought from 16 to 8 bits."),
    "cmyk": mark("It was converted from the colours of print."),
    "rotated": mark("It was turned as the camera noted."),
    "shortened": mark("The text is longer than the model reads: its end is cut off."),
}


@dataclass(frozen=True)
class Item:
    """One thing to predict: its name and a text, a file (Path), the content of one (bytes), an image, the row of a
    table by column, or a series (T, channels).
    """

    name: str
    raw: Raw


@dataclass(frozen=True)
class Prediction:
    """What the model says about one input, or why it cannot.

    answer: label, score and top, as the task gives them; empty when there is an error. seconds: from the raw input to
    the answer; in a batch the network's time is shared out evenly.
    """

    input: str
    answer: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    notes: tuple[Words, ...] = ()
    error: UserError | None = None

    def to_plain(self) -> dict[str, Any]:
        """Return plain values but for Words: in error why there is no answer, in hint what to do; label is empty then.

        Otherwise error is None, or the number that is the answer of a reconstruction.
        """
        answer = {"error": None, **self.answer}
        if self.error:
            answer = {"label": "", "score": 0.0, "top": [], "error": self.error.message, "hint": self.error.hint}
        return {"input": self.input, **answer, "seconds": self.seconds, "notes": list(self.notes)}


@dataclass(frozen=True)
class _Encoded:
    """What preprocessing made of an input, in how many seconds, and the names of its notes; or why it could not."""

    seconds: float
    values: np.ndarray | None = None
    notes: Sequence[str] = ()
    error: UserError | None = None


class Predictor:
    """Loads a model folder once and answers many times."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Raises UserError when the model cannot be used."""
        self.model: Model = read_model(folder, device)
        self.device = torch.device(device)
        try:
            self.preprocessing: Any = preprocessing.from_plain(self.model.preprocessing)
            self.task: Task = tasks[self.model.task].bound(self.model.description.get("goal", {}))
        except NO_DESCRIPTION as error:
            raise damaged(folder, DESCRIPTION, error) from error

    @classmethod
    def of_run(cls, run: RunFolder, device: str = "cpu") -> "Predictor":
        """Return a predictor with the model of `run` that gets used; raises UserError when it has none."""
        model = model_of(run)
        try:
            return cls(model, device)
        except UserError:
            newer = model_of(run)
            if newer == model:
                raise
            return cls(newer, device)  # training went on, and replaced the model while it was read

    @property
    def takes_images(self) -> bool:
        """Whether inputs are images."""
        return self.model.inputs.kind == "image"

    def predict(
        self, items: Iterable[Item], top: int = 5, batch_size: int = BATCH_SIZE, *, invert: bool = False
    ) -> list[Prediction]:
        """Return a prediction for each item, in order; one that cannot be read has an error and stops nothing.

        invert: light becomes dark and dark light in every image.
        """
        return list(self.predictions(items, top, batch_size, invert=invert))

    def predictions(
        self,
        items: Iterable[Item],
        top: int = 5,
        batch_size: int = BATCH_SIZE,
        *,
        invert: bool = False,
        before: Callable[[int], None] = lambda done: None,
    ) -> Iterator[Prediction]:
        """Yield what `predict` returns, batch by batch; `before` hears how many are done, and may raise to end it.

        batch_size: at the most; large images go through a CPU a few at a time.
        """
        done = 0
        before(done)
        ready = decoding_ahead.batches(
            items,
            min(batch_size, self._most_at_once),
            lambda item: self._tried(item.raw, invert),
            ahead=self._is_decoded_anywhere,
        )
        with closing(ready):
            for batch, encoded in ready:
                yield from self._answers(batch, encoded, top)
                done += len(batch)
                before(done)

    def encoded(self, raw: Raw) -> np.ndarray:
        """Return an input as the model's preprocessing encodes it; raises UserError when it cannot be read."""
        return self._encoded(raw, invert=False)

    def told(self, encoded: np.ndarray, top: int) -> tuple[np.ndarray, list[dict[str, Any]]]:
        """Return what the model tells of encoded inputs (N, …): numbers, as the task's `tells` names them, and answers.

        answers: as `Prediction.answer`, one for each.
        """
        ready = self.ready(encoded)
        outputs = self.outputs(ready).cpu()
        raw = torch.from_numpy(encoded)
        seen = raw if self.task.answers_from_raw else ready.cpu()
        answers = self.task.answers(outputs, seen, self.model.labels, top, self.preprocessing)
        return self.task.told(outputs, raw).float().numpy(), answers

    def seen(self, raw: Raw, *, invert: bool = False) -> np.ndarray:
        """Return the image as the model sees it: (H, W, C) uint8. Raises UserError when it cannot be read."""
        if not self.takes_images:
            raise UserError("Only images can be shown as the model sees them.")
        return self._encoded(raw, invert)

    def logits(self, encoded: np.ndarray) -> torch.Tensor:
        """Return the network's output for a batch of encoded inputs, (N, …) -> (N, outputs) float32 on the CPU."""
        return self.outputs(self.ready(encoded)).cpu()

    def ready(self, encoded: np.ndarray) -> torch.Tensor:
        """Return a batch of encoded inputs as the network takes it, on the device."""
        return self.preprocessing.tensor(torch.from_numpy(np.ascontiguousarray(encoded)).to(self.device))

    def outputs(self, ready: torch.Tensor) -> torch.Tensor:
        """Return the network's output for a preprocessed batch, in float32, on the device."""
        if self.model.threads and torch.get_num_threads() != self.model.threads:
            torch.set_num_threads(self.model.threads)  # the same sums as in training
        with torch.inference_mode():
            return averaged(self.model.network, ready, self.model.copies).float()

    def _encoded(self, raw: Raw, invert: bool, notes: list[str] | None = None) -> np.ndarray:
        kind = self.model.inputs.kind
        if kind == "text":
            if not isinstance(raw, str | Path | bytes):
                raise UserError("This model reads texts, not images.", hint="Type a text or give a text file.")
            return self.task.encoded(raw if isinstance(raw, str) else text_of(raw), self.preprocessing)
        if isinstance(raw, str):
            raise UserError("This model does not read texts.", hint="Give a file of the kind it was trained on.")
        encoded = self.preprocessing.encode(raw, notes)
        return 255 - encoded if invert and kind == "image" else encoded

    @property
    def _most_at_once(self) -> int:
        """How many inputs go through the network together: 8 photographs of 224×224 take a quarter less than 64."""
        numbers = int(torch.Size(self.model.inputs.shape).numel())
        return max(1, _MOST_NUMBERS // max(numbers, 1)) if self.device.type == "cpu" else BATCH_SIZE

    def _is_decoded_anywhere(self, item: Item) -> bool:
        """Return whether a thread of its own may decode it: a file of an image, which nobody else holds."""
        return self.takes_images and isinstance(item.raw, Path | bytes)

    def _tried(self, raw: Raw, invert: bool) -> _Encoded:
        begun = time.perf_counter()
        notes: list[str] = []
        try:
            values = self._encoded(raw, invert, notes)
        except UserError as error:
            return _Encoded(time.perf_counter() - begun, error=error)
        return _Encoded(time.perf_counter() - begun, values, notes)

    def _answers(self, items: Sequence[Item], encoded: Sequence[_Encoded], top: int) -> Iterator[Prediction]:
        begun = time.perf_counter()
        rows = [each.values for each in encoded if each.values is not None]
        answers = iter(self._said(np.stack(rows), top) if rows else ())
        share = (time.perf_counter() - begun) / max(len(rows), 1)
        for item, each in zip(items, encoded, strict=True):
            if each.values is None:
                yield Prediction(item.name, seconds=each.seconds, error=each.error)
                continue
            said = tuple(Words(_NOTES[name]) for name in each.notes if name in _NOTES)
            notes = (*said, *self._inverted(each.values))
            yield Prediction(item.name, next(answers), each.seconds + share, notes)

    def _said(self, stacked: np.ndarray, top: int) -> list[dict[str, Any]]:
        """Return the task's answer for each of a batch of encoded inputs (N, …)."""
        ready = self.ready(stacked)
        outputs = self.outputs(ready).cpu()
        told = torch.from_numpy(stacked) if self.task.answers_from_raw else ready.cpu()
        return self.task.answers(outputs, told, self.model.labels, top, self.preprocessing)

    def _inverted(self, encoded: np.ndarray) -> tuple[Words, ...]:
        if self.takes_images and (note := looks_inverted(encoded, self.preprocessing)):
            return (note,)
        return ()
