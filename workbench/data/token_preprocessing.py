"""Parts of words as tokens: byte-level BPE and WordPiece, trained on the training split by the `tokenizers` library.

The tokenizer is kept inside the model as its JSON. The library is imported when it is first needed.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.data import cache
from workbench.data.dataset import Dataset
from workbench.data.tokenizer_files import know, read_tokenizer, tokenizer_from

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

PADDING, UNKNOWN = 0, 1
# What stands for itself and is never cut, by the name under which an architecture asks for it.
WRITTEN = {"cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]", "end": "<|endoftext|>"}
_ALWAYS = ("[PAD]", "[UNK]")
_CHUNK = 200_000  # characters that are encoded in one piece
_AT_ONCE = 32  # such pieces
_WORTH_KEEPING = 2_000_000  # characters from which on encoding again takes longer than reading
_LEARNED_FROM = 50_000_000  # characters at most that a tokenizer is trained on
_SHORTEST, _LONGEST, _COVERED = 8, 400, 0.95
_ENDLESS = re.compile(r"(\S{1000})(?=\S)")  # a word that no language has, and that would take much memory to learn from
Piece = tuple[str, int]


@dataclass(frozen=True)
class SubwordPreprocessing:
    """Turns texts into ids of parts of words: 0 fills up, 1 stands for what is not in the vocabulary.

    tokenizer: its JSON; a pretrained one keeps its own ids. length: tokens per text, cut or filled up at the end; where
    the tokenizer has marks for the beginning and the end of a text, they are among them.
    """

    tokens: Literal["bpe", "wordpiece", "pretrained"]
    tokenizer: str
    length: int

    @cached_property
    def _loaded(self) -> "Tokenizer":
        return _loaded(self.tokenizer)

    @property
    def inputs(self) -> Inputs:
        """What comes out, as a network sees it."""
        return Inputs("text", (self.length,), self._loaded.get_vocab_size())

    @cached_property
    def special(self) -> Mapping[str, int]:
        """The ids of "padding" and "unknown", and of those of "cls", "sep", "mask" and "end" that there are."""
        ids = {name: self._loaded.token_to_id(written) for name, written in WRITTEN.items()}
        found = {name: place for name, place in ids.items() if place is not None}
        return found if self.tokens == "pretrained" else {"padding": PADDING, "unknown": UNKNOWN, **found}

    @property
    def frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ids before and after the tokens of a text."""
        special = self.special
        return ((special["cls"],), (special["sep"],)) if "cls" in special and "sep" in special else ((), ())

    def split(self, text: str) -> Sequence[str]:
        """Return the tokens of a text."""
        return [piece for piece, place in self.pieces(text) if place >= 0]

    def pieces(self, text: str) -> list[Piece]:
        """Return the text cut up, each piece with the id of its token; -1 where no token stands for it.

        The pieces together are the text. Of several tokens for one character the first has it and the others nothing.
        """
        found = self._loaded.encode(text, add_special_tokens=False)
        result: list[Piece] = []
        done = 0
        for place, (begin, end) in zip(found.ids, found.offsets, strict=True):
            if begin > done:
                result.append((text[done:begin], -1))
            result.append((text[max(begin, done) : end], place))
            done = max(end, done)
        return [*result, (text[done:], -1)] if done < len(text) else result

    def encode(self, raw: str, notes: list[str] | None = None) -> np.ndarray:
        """Return the ids of a text: (length,) int32; "shortened" is appended to notes when some of it is cut off."""
        ids = self.encode_all([raw])[0]
        framed = sum(map(len, self.frame))
        if notes is not None and ids[-1] != PADDING and len(self.split(raw)) + framed > self.length:
            notes.append("shortened")
        return ids

    def encode_all(self, texts: Iterable[str]) -> np.ndarray:
        """Return the ids of texts: (N, length) int32."""
        before, after = self.frame
        room = max(self.length - len(before) - len(after), 0)
        waiting = iter(texts)
        parts = [np.zeros((0, self.length), np.int32)]
        while batch := list(islice(waiting, 1000)):
            rows = np.full((len(batch), self.length), PADDING, np.int32)
            for row, ids in zip(rows, self._ids(batch), strict=True):
                framed = [*before, *ids[:room], *after][: self.length]
                row[: len(framed)] = framed
            parts.append(rows)
        return np.concatenate(parts)

    def stream(self, texts: Iterable[str]) -> np.ndarray:
        """Return the ids of all tokens of the texts, an end of text between two of them: (L,) int32."""
        documents = list(texts)
        if sum(map(len, documents)) < _WORTH_KEEPING:
            return self._streamed(documents)
        # The digest of millions of characters takes a few milliseconds, their tokens many seconds.
        name = cache.TOKENS + cache.key(self.tokenizer, cache.text_digests(documents).tobytes())

        def build(folder: Any) -> dict[str, Any]:
            np.save(folder / "ids.npy", self._streamed(documents))
            return {}

        return np.load(cache.cached(name, build)[0] / "ids.npy")

    def ids_of(self, text: str) -> np.ndarray:
        """Return the ids of all tokens of one text, however many: (L,) int32."""
        return self._streamed([text])

    def _streamed(self, documents: Sequence[str]) -> np.ndarray:
        end = self.special.get("end")
        between = np.array([] if end is None else [end], np.int32)
        parts: list[np.ndarray] = [np.zeros(0, np.int32)]
        waiting = ((number, chunk) for number, text in enumerate(documents) for chunk in chunks_of(text))
        last = 0
        while batch := list(islice(waiting, _AT_ONCE)):
            for (number, _), ids in zip(batch, self._ids([chunk for _, chunk in batch]), strict=True):
                parts += [between] * (number > last)
                parts.append(np.array(ids, np.int32))
                last = number
        return np.concatenate(parts)

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        found = self._loaded.encode_batch_fast([_sound(text) for text in texts], add_special_tokens=False)
        return [encoding.ids for encoding in found]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of these tokens, of BPE exactly as it was; bytes of half a character become U+FFFD."""
        return self._loaded.decode([int(place) for place in ids], skip_special_tokens=True)

    def token(self, place: int) -> str:
        """Return how the token with this id is written."""
        special = next((written for written, known in self._written.items() if known == place), None)
        return special or self.decode([place]) or self._loaded.id_to_token(place) or ""

    @cached_property
    def _written(self) -> dict[str, int]:
        names = {"padding": _ALWAYS[PADDING], "unknown": _ALWAYS[UNKNOWN], **WRITTEN}
        return {names[name]: place for name, place in self.special.items()}

    def tensor(self, batch: "Tensor") -> "Tensor":
        """Return ids as an embedding takes them: (N, length) int32 -> int64, on the device they are on."""
        return batch.long()

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON; `from_plain` is the way back."""
        return {"kind": "subwords", "tokens": self.tokens, "tokenizer": self.tokenizer, "length": self.length}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "SubwordPreprocessing":
        """Return the preprocessing that `to_plain` described.

        path: in place of tokenizer, a tokenizer.json from elsewhere, or the folder it lies in. Raises UserError when it
        cannot be used.
        """
        if "path" in plain:
            path = Path(plain["path"]).expanduser()
            tokenizer = read_tokenizer(path / "tokenizer.json" if path.is_dir() else path).to_str()
            return cls("pretrained", tokenizer, int(plain["length"]))
        return cls(plain["tokens"], str(plain["tokenizer"]), int(plain["length"]))

    @classmethod
    def fitted(cls, dataset: Dataset, settings: Any) -> "SubwordPreprocessing":
        """Return the preprocessing for the training texts of `dataset`."""
        return cls.fitted_to(dataset.training.texts(), settings)

    @classmethod
    def fitted_to(cls, texts: Iterable[str], settings: Any) -> "SubwordPreprocessing":
        """Return the preprocessing for these training texts.

        settings: tokens ("bpe" or "wordpiece"), vocabulary (most ids, special ones included), length (a number, or
        "auto": what 95 % of the texts need), and perhaps special (names of WRITTEN). Equal texts give equal ids.
        Raises UserError when there is nothing in the texts.
        """
        documents = list(texts)
        train = {"bpe": trained_bpe, "wordpiece": trained_wordpiece}[settings.tokens]
        tokenizer = train(documents, settings.vocabulary, tuple(getattr(settings, "special", ())))
        know(tokenizer)
        length = settings.length
        if length == "auto":
            unlimited = cls(settings.tokens, tokenizer, 1)
            lengths = [len(ids) for ids in unlimited._ids([text[:_CHUNK] for text in documents])]
            covered = int(np.ceil(np.quantile(lengths, _COVERED))) + sum(map(len, unlimited.frame))
            length = min(max(covered, _SHORTEST), _LONGEST)
        return cls(settings.tokens, tokenizer, int(length))


@lru_cache(maxsize=8)
def _loaded(text: str) -> "Tokenizer":
    return tokenizer_from(text)


def chunks_of(text: str, longest: int = _CHUNK) -> Iterator[str]:
    """Yield a text in pieces of about `longest` characters that have the tokens of the whole text.

    A piece ends behind a single line break, where no token reaches across; only where there is none for long, as in
    one endless line, does it end at a blank or anywhere.
    """
    begin = 0
    while len(text) - begin > longest:
        end = begin + longest
        cut = text.rfind("\n", begin + 1, end)
        while cut > begin and (text[cut - 1].isspace() or text[cut + 1].isspace()):
            cut = text.rfind("\n", begin + 1, cut)
        if cut <= begin:
            cut = text.rfind(" ", begin + 1, end) - 1
        end = cut + 1 if cut > begin else end
        yield text[begin:end]
        begin = end
    yield text[begin:]


def trained_bpe(texts: Sequence[str], vocabulary: int, special: tuple[str, ...] = ()) -> str:
    """Return the JSON of a byte-level BPE (Sennrich et al. 2016; Radford et al. 2019) trained on these texts.

    vocabulary: most ids, never fewer than the 256 bytes and the special ones. Raises UserError without any text.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    marks = [*_ALWAYS, *(WRITTEN[name] for name in special)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(vocabulary, len(marks) + 256),
        special_tokens=marks,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_some(texts), trainer)
    return tokenizer.to_str()


def trained_wordpiece(texts: Sequence[str], vocabulary: int, special: tuple[str, ...] = ()) -> str:
    """Return the JSON of a WordPiece in small letters (Schuster and Nakajima 2012, as in BERT) trained on these texts.

    The library gives inner characters their ids in an order that is drawn anew in every process. Here they have theirs
    beforehand, as if they were special, so that equal texts give equal ids. Raises UserError without any text.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    marks = [*_ALWAYS, *(WRITTEN[name] for name in special)]
    tokenizer = Tokenizer(models.WordPiece({}, unk_token=_ALWAYS[UNKNOWN], max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in _some(texts):
        counts.update(tokenizer.normalizer.normalize_str(text))
    found = [sign for sign in counts if not sign.isspace()]
    found.sort(key=lambda sign: (-counts[sign], sign))
    alphabet = sorted(found[: max(1, (vocabulary - len(marks)) // 3)])
    inner = [f"##{sign}" for sign in alphabet]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(vocabulary, len(marks) + 2 * len(alphabet)),
        special_tokens=[*marks, *inner],
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_some(texts), trainer)
    plain = json.loads(tokenizer.to_str())
    plain["added_tokens"] = [added for added in plain["added_tokens"] if added["content"] in marks]
    plain["decoder"] = json.loads(decoders.WordPiece(cleanup=False).__getstate__())
    return json.dumps(plain, ensure_ascii=False)


def _some(texts: Sequence[str]) -> Iterator[str]:
    """Yield texts in pieces, evenly chosen when there is more than a tokenizer needs; raises UserError without any."""
    if not any(text.strip() for text in texts):
        raise UserError("There is nothing in the training texts to make tokens of.", hint="Choose other texts.")
    every = -(-sum(map(len, texts)) // _LEARNED_FROM)
    for number, chunk in enumerate(chunk for text in texts for chunk in chunks_of(text)):
        if number % every == 0:
            yield _ENDLESS.sub(r"\1 ", _sound(chunk))


def _sound(text: str) -> str:
    """Return the text without lone surrogates, which the library refuses."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
