"""Tokens: what a tokenizer with some settings would make of texts, before anything is trained."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.architectures import architectures, best_for
from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.data import Dataset, open_data
from workbench.data.dataset import Split
from workbench.data.preprocessing import fit

_LEARNED_FROM = 1_000_000  # characters: a tokenizer for looking at is made in a moment
_COUNTED = 200_000  # characters from which the length of tokens is estimated
_MOST = 5000  # characters in one answer
_KEPT = 4
_fitted: dict[str, Any] = {}
_opened: dict[str, Dataset] = {}  # the latest one


def cut(
    data: Mapping[str, Any],
    architecture: Mapping[str, Any],
    split: str = "training",
    document: int = 0,
    start: int = 0,
    count: int = 2000,
) -> dict[str, Any]:
    """Return a stretch of a text cut into tokens as this architecture would cut it, and how many there are.

    document: number of a text of the split; start: a character in it. The answer holds pieces ([text, id], -1 where no
    token stands for it), name and length of the text, documents and characters of the split, vocabulary,
    characters_per_token, and partly: whether the tokenizer was made of a part of the texts only. Raises UserError when
    these settings cannot cut these texts.
    """
    dataset = _dataset(data)
    part = dataset.splits.get(split)
    if dataset.inputs.kind != "text" or part is None or not len(part):
        raise UserError("There is no text here.", hint="Choose another split.")
    preprocessing, partly = _tokenizer(dataset, data, architecture)
    place = min(max(int(document), 0), len(part) - 1)
    text = part.texts(np.array([place]))[0]
    begin = min(max(int(start), 0), len(text))
    stretch = text[begin : begin + min(count, _MOST)]
    some = _some(part, _COUNTED)
    tokens = len(preprocessing.stream(some))
    return {
        "pieces": [list(piece) for piece in preprocessing.pieces(stretch)],
        "name": part.names[place],
        "length": len(text),
        "document": place,
        "start": begin,
        "documents": len(part),
        "characters": sum(map(len, part.texts())),
        "vocabulary": preprocessing.inputs.vocabulary,
        "characters_per_token": sum(map(len, some)) / max(tokens, 1),
        "partly": partly,
    }


def _tokenizer(dataset: Dataset, data: Mapping[str, Any], architecture: Mapping[str, Any]) -> tuple[Any, bool]:
    """Return the preprocessing of these settings, and whether it was made of a part of the texts only."""
    kind = str(architecture.get("kind", "")) or best_for("text", ["next_token"])
    settings = build_settings(architectures, {**architecture, "kind": kind}, kind, "architecture")
    if not hasattr(settings, "tokens") and not hasattr(settings, "own_preprocessing"):
        settings = architectures[best_for("text", ["next_token"])].settings()
    key = json.dumps([data, settings.model_dump(mode="json")], sort_keys=True)
    if key not in _fitted:
        texts = _some(dataset.training, _LEARNED_FROM)
        partly = sum(map(len, texts)) < sum(map(len, dataset.training.texts()))
        index = np.arange(len(texts))
        training = Split(texts, index, np.zeros(len(texts), np.int64), [""] * len(texts))
        small = replace(dataset, splits={**dataset.splits, "training": training})
        while len(_fitted) >= _KEPT:
            del _fitted[next(iter(_fitted))]
        _fitted[key] = (fit(small, settings), partly)
    return _fitted[key]


def _some(part: Split, characters: int) -> list[str]:
    """Return the first texts of a split, so many characters of them."""
    found: list[str] = []
    left = characters
    for text in part.texts():
        if left <= 0:
            break
        found.append(text[:left])
        left -= len(text)
    return found


def _dataset(data: Mapping[str, Any]) -> Dataset:
    key = json.dumps(data, sort_keys=True)
    if key not in _opened:
        dataset = open_data(dict(data))
        _opened.clear()
        _opened[key] = dataset
    return _opened[key]
