"""From texts to numbers: a vocabulary of words or characters, fitted on the training split and kept with the model."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.data.dataset import Dataset

if TYPE_CHECKING:
    from torch import Tensor

PADDING, UNKNOWN = 0, 1
_SPECIAL = 2  # ids before those of the marks and of the vocabulary
WRITTEN = {"cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}  # marks, by the names under which they are asked for
_MARK = re.compile("|".join(map(re.escape, WRITTEN.values())))
_SHORTEST, _LONGEST = 8, {"word": 400, "character": 1000}  # what "auto" chooses between
_COVERED = 0.95  # share of the training texts that "auto" does not cut

# Characters of Chinese and Japanese are words of their own, since no space tells words apart there.
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|(?:(?![{_IDEOGRAPHS}])[^\W_])+(?:['’](?:(?![{_IDEOGRAPHS}])[^\W_])+)*|[!?！？]")


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, each ideograph and each ! and ? by itself."""
    return _WORD.findall(text.lower())


@dataclass(frozen=True)
class TextPreprocessing:
    """Turns texts into ids of tokens: 0 fills up, 1 stands for what is not in the vocabulary.

    vocabulary: the tokens, the most frequent first. length: tokens per text, cut or filled up at the end. marks: names
    of WRITTEN, which stand for themselves in a text and have the ids from 2 on; the vocabulary follows them. With "cls"
    and "sep" a text stands between these two.
    """

    tokens: Literal["word", "character"]
    vocabulary: tuple[str, ...]
    length: int
    marks: tuple[str, ...] = ()
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tokens = (*(WRITTEN[name] for name in self.marks), *self.vocabulary)
        object.__setattr__(self, "_ids", {token: place for place, token in enumerate(tokens, _SPECIAL)})

    @property
    def inputs(self) -> Inputs:
        """What comes out, as a network sees it."""
        return Inputs("text", (self.length,), len(self.vocabulary) + len(self.marks) + _SPECIAL)

    @property
    def special(self) -> Mapping[str, int]:
        """The ids of "padding" and "unknown", and of the marks there are."""
        return {"padding": PADDING, "unknown": UNKNOWN, **{name: self._ids[WRITTEN[name]] for name in self.marks}}

    @property
    def frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ids before and after the tokens of a text."""
        special = self.special
        return ((special["cls"],), (special["sep"],)) if {"cls", "sep"} <= special.keys() else ((), ())

    def split(self, text: str) -> Sequence[str]:
        """Return the tokens of a text."""
        if not self.marks or "[" not in text:
            return words_of(text) if self.tokens == "word" else text
        found: list[str] = []
        done = 0
        for written in _MARK.finditer(text):
            found += [*self._split_plain(text[done : written.start()]), written.group()]
            done = written.end()
        return [*found, *self._split_plain(text[done:])]

    def _split_plain(self, text: str) -> Sequence[str]:
        """Return the tokens of a text in which there are no marks."""
        return words_of(text) if self.tokens == "word" else text

    def encode(self, raw: str, notes: list[str] | None = None) -> np.ndarray:
        """Return the ids of a text: (length,) int32; "shortened" is appended to notes when some of it is cut off."""
        ids = self.encode_all([raw])[0]
        framed = sum(map(len, self.frame))
        if notes is not None and ids[-1] != PADDING and len(self.split(raw)) + framed > self.length:
            notes.append("shortened")
        return ids

    def encode_all(self, texts: Iterable[str]) -> np.ndarray:
        """Return the ids of texts: (N, length) int32."""
        ids, length = self._ids, self.length
        before, after = self.frame
        room = max(length - len(before) - len(after), 0)
        rows = [[ids.get(token, UNKNOWN) for token in self.split(text)[:room]] for text in texts]
        rows = [[*before, *row, *after][:length] for row in rows] if before else rows
        result = np.full((len(rows), length), PADDING, np.int32)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        filled = np.arange(length) < lengths[:, None]
        result[filled] = np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum()))
        return result

    def stream(self, texts: Iterable[str]) -> np.ndarray:
        """Return the ids of all tokens of the texts, one text after the other: (L,) int32."""
        ids = self._ids
        found = (ids.get(token, UNKNOWN) for text in texts for token in self.split(text))
        return np.fromiter(found, np.int32)

    def ids_of(self, text: str) -> np.ndarray:
        """Return the ids of all tokens of one text, however many: (L,) int32."""
        ids = self._ids
        return np.fromiter((ids.get(token, UNKNOWN) for token in self.split(text)), np.int32)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of these tokens; of words it is what is left of it, with blanks between them."""
        pieces = [self.token(int(place)) for place in ids if int(place) != PADDING]
        return (" " if self.tokens == "word" else "").join(pieces)

    def token(self, place: int) -> str:
        """Return how the token with this id is written; "\ufffd" for what is not in the vocabulary."""
        known = (*(WRITTEN[name] for name in self.marks), *self.vocabulary)
        return known[place - _SPECIAL] if _SPECIAL <= place < len(known) + _SPECIAL else "\ufffd"

    def pieces(self, text: str) -> list[tuple[str, int]]:
        """Return the text cut up, each piece with the id of its token; -1 where no token stands for it."""
        ids = self._ids
        if self.tokens == "character":
            return [(sign, ids.get(sign, UNKNOWN)) for sign in text]
        result: list[tuple[str, int]] = []
        done, lower = 0, text.lower()
        if len(lower) != len(text):  # a few letters grow when they become small
            lower = text
        for found in _WORD.finditer(lower):
            if found.start() > done:
                result.append((text[done : found.start()], -1))
            result.append((text[found.start() : found.end()], ids.get(found.group(), UNKNOWN)))
            done = found.end()
        return [*result, (text[done:], -1)] if done < len(text) else result

    def tensor(self, batch: "Tensor") -> "Tensor":
        """Return ids as an embedding takes them: (N, length) int32 -> int64, on the device they are on."""
        return batch.long()

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON; `from_plain` is the way back."""
        plain = {"kind": "text", "tokens": self.tokens, "vocabulary": list(self.vocabulary), "length": self.length}
        return {**plain, "marks": list(self.marks)} if self.marks else plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "TextPreprocessing":
        """Return the preprocessing that `to_plain` described."""
        return cls(plain["tokens"], tuple(plain["vocabulary"]), plain["length"], tuple(plain.get("marks", ())))

    @classmethod
    def fitted(cls, dataset: Dataset, settings: Any) -> "TextPreprocessing":
        """Return the preprocessing for the training texts of `dataset`."""
        return cls.fitted_to(dataset.training.texts(), settings)

    @classmethod
    def fitted_to(cls, texts: Iterable[str], settings: Any) -> "TextPreprocessing":
        """Return the preprocessing for these training texts.

        settings: tokens ("word" or "character"), vocabulary (most ids, special ones included), length (a number, or
        "auto": what 95 % of the texts need), and perhaps special (names; those of WRITTEN become marks). Equal
        frequencies are ordered by the token: equal texts give equal ids.
        """
        marks = tuple(name for name in getattr(settings, "special", ()) if name in WRITTEN)
        tokens = settings.tokens
        counts: Counter[str] = Counter()
        lengths: list[int] = []
        for text in texts:
            found = words_of(text) if tokens == "word" else text
            counts.update(found)
            lengths.append(len(found))
        frequent = sorted(counts, key=lambda token: (-counts[token], token))
        if not frequent:
            raise UserError(
                mark("The vocabulary is empty: no training text holds a word.")
                if tokens == "word"
                else mark("The vocabulary is empty: no training text holds a character."),
                hint="Choose Characters in the setting Tokens, or look at the texts on the Data page.",
            )
        frequent = frequent[: max(1, settings.vocabulary - _SPECIAL - len(marks))]
        length = settings.length
        if length == "auto":
            covered = int(np.ceil(np.quantile(lengths, _COVERED))) if lengths else _SHORTEST
            covered += 2 if {"cls", "sep"} <= set(marks) else 0
            length = min(max(covered, _SHORTEST), _LONGEST[tokens])
        return cls(tokens, tuple(frequent), int(length), marks)
