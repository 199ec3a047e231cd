"""Texts as a pretrained model reads them: with its own tokenizer, its own ids, and its own marks around a text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.data.token_preprocessing import PADDING, Piece, SubwordPreprocessing
from workbench.data.tokenizer_files import read_tokenizer, tokenizer_from
from workbench.networks.pretrained_folder import read_json

_NAMES = {"unk_token": "unknown", "bos_token": "begin", "eos_token": "end", "mask_token": "mask"}
_USUAL = {"mask": ("[MASK]", "<mask>"), "end": ("<|endoftext|>", "</s>")}  # where no file names them
_MASK = "[MASK]"  # what people write, whatever the model calls it
_SOME = 2000  # texts that tell how long texts are
_SHORTEST, _LONGEST, _COVERED = 8, 400, 0.95


@dataclass(frozen=True)
class PretrainedText(SubwordPreprocessing):
    """Turns texts into the ids of a pretrained tokenizer, in which padding and id 0 have changed places.

    vocabulary: how many ids the model knows. padding: its id for it. marks: ids of the tokenizer by "unknown", "end",
    "mask", …; around: those before and after a text.
    """

    vocabulary: int = 0
    padding: int = 0
    marks: tuple[tuple[str, int], ...] = ()
    around: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    @property
    def inputs(self) -> Inputs:
        """What comes out, as a network sees it."""
        return Inputs("text", (self.length,), self.vocabulary)

    @cached_property
    def special(self) -> Mapping[str, int]:
        """The ids of "padding" and of the marks there are."""
        return {"padding": PADDING, **{name: self._swapped(place) for name, place in self.marks}}

    @property
    def frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ids before and after the tokens of a text."""
        before, after = (tuple(map(self._swapped, places)) for places in self.around)
        return before, after

    def pieces(self, text: str) -> list[Piece]:
        """Return the text cut up, each piece with the id of its token; -1 where no token stands for it."""
        return [(piece, place if place < 0 else self._swapped(place)) for piece, place in super().pieces(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of these tokens."""
        return super().decode(self._swapped(int(place)) for place in ids)

    def token(self, place: int) -> str:
        """Return how the token with this id is written."""
        place = self._swapped(place)
        return self._loaded.decode([place], skip_special_tokens=True) or self._loaded.id_to_token(place) or ""

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON, the tokenizer among them; `from_plain` is the way back."""
        return {
            "kind": "pretrained_text",
            "tokenizer": self.tokenizer,
            "length": self.length,
            "vocabulary": self.vocabulary,
            "padding": self.padding,
            "marks": dict(self.marks),
            "around": [list(places) for places in self.around],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "PretrainedText":
        """Return the preprocessing that `to_plain` described.

        folder: in place of tokenizer, where a model of transformers lies; then also longest, the most tokens that it
        reads (0: no limit), and length may be "auto": what 95 % of texts need. Raises UserError when the tokenizer
        cannot be used.
        """
        if "folder" in plain:
            return cls._of_folder(Path(plain["folder"]), plain)
        before, after = (tuple(map(int, places)) for places in plain["around"])
        marks = tuple((str(name), int(place)) for name, place in plain["marks"].items())
        sizes = int(plain["length"]), int(plain["vocabulary"]), int(plain["padding"])
        return cls("pretrained", str(plain["tokenizer"]), *sizes, marks, (before, after))

    @classmethod
    def _of_folder(cls, folder: Path, plain: Mapping[str, Any]) -> "PretrainedText":
        tokenizer = _tokenizer(folder)
        loaded: Any = tokenizer_from(tokenizer)
        vocabulary, padding = int(plain["vocabulary"]), int(plain["padding"])
        largest = max(loaded.get_vocab().values(), default=0)
        if largest >= vocabulary:
            raise UserError(
                "The tokenizer has {tokens} tokens, and the model knows {vocabulary}: they do not belong together.",
                hint="Get the folder again.",
                tokens=f"{largest + 1:,}",
                vocabulary=f"{vocabulary:,}",
            )
        before, after = _around(loaded)
        marks = _marks(folder, loaded)
        marks.update({"cls": before[-1]} if before else {})
        marks.update({"sep": after[0]} if after else {})
        made = cls("pretrained", tokenizer, 1, vocabulary, padding, tuple(marks.items()), (before, after))
        length = made._length(plain)
        return cls("pretrained", tokenizer, length, vocabulary, padding, made.marks, made.around)

    def _length(self, plain: Mapping[str, Any]) -> int:
        """Return how many tokens of a text are read; raises UserError when there are more than the model can."""
        wanted, longest = plain["length"], int(plain["longest"])
        if wanted == "auto":
            lengths = [len(ids) for ids in self._ids(list(islice(plain["texts"], _SOME)))] or [_SHORTEST]
            needed = int(np.ceil(np.quantile(lengths, _COVERED))) + sum(map(len, self.around))
            return min(max(needed, _SHORTEST), _LONGEST, longest or _LONGEST)
        if longest and int(wanted) > longest:
            raise UserError(
                "The pretrained model reads at most {longest} tokens of a text, and {wanted} are asked for.",
                hint="Choose a shorter length.",
                longest=longest,
                wanted=wanted,
            )
        return int(wanted)

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        mask = dict(self.marks).get("mask")
        if mask is not None:
            written = self._loaded.id_to_token(mask) or _MASK
            texts = [text.replace(_MASK, written) for text in texts]
        found = super()._ids(texts)
        return [[self._swapped(place) for place in ids] for ids in found] if self.padding else found

    def _swapped(self, place: int) -> int:
        if self.padding == PADDING or place not in (PADDING, self.padding):
            return place
        return PADDING if place == self.padding else self.padding


def _tokenizer(folder: Path) -> str:
    """Return the JSON of the folder's tokenizer."""
    if (folder / "tokenizer.json").is_file():
        loaded: Any = read_tokenizer(folder / "tokenizer.json")
    elif (folder / "vocab.txt").is_file():
        loaded = _wordpiece(folder)
    else:
        raise UserError(
            "There is no tokenizer.json in {name}.",
            hint="Choose a model that has one: it says how texts are cut into tokens.",
            name=folder.name,
        )
    return loaded.to_str()


def _wordpiece(folder: Path) -> Any:
    """Return BERT's tokenizer with the tokens in vocab.txt, as older folders have it."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    ids = {line: place for place, line in enumerate(lines)}
    marks = [name for name in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if name in ids]
    if not {"[UNK]", "[CLS]", "[SEP]"} <= ids.keys():
        raise UserError("{name} is no vocabulary of BERT.", hint="A tokenizer.json is needed.", name="vocab.txt")
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    small = bool(read_json(folder / "tokenizer_config.json").get("do_lower_case", True))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=small)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    tokenizer.add_special_tokens(marks)
    return tokenizer


def _around(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ids that the tokenizer puts before and after a text."""
    inner = tokenizer.encode("a", add_special_tokens=False).ids
    whole = tokenizer.encode("a", add_special_tokens=True).ids
    for begin in range(len(whole) - len(inner) + 1):
        if inner and whole[begin : begin + len(inner)] == inner:
            return tuple(whole[:begin]), tuple(whole[begin + len(inner) :])
    return (), ()


def _marks(folder: Path, tokenizer: Any) -> dict[str, int]:
    """Return the ids of the tokens that are no text, by what they are for."""
    said = {**read_json(folder / "special_tokens_map.json"), **read_json(folder / "tokenizer_config.json")}
    found: dict[str, int] = {}
    for field, name in _NAMES.items():
        written = said.get(field)
        written = written.get("content") if isinstance(written, Mapping) else written
        for candidate in (written, *_USUAL.get(name, ())):
            place = tokenizer.token_to_id(candidate) if isinstance(candidate, str) else None
            if place is not None:
                found.setdefault(name, place)
    return found
