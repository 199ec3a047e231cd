"""Texts as one stream: every token is seen once in an epoch, and what follows it is its target."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.data.dataset import Split
from workbench.inference.streams import NOTHING, StreamFeed, stream_of

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Letters:
    """A preprocessing of one id a letter."""

    length: int = 8
    frame: tuple[tuple[int, ...], tuple[int, ...]] = field(default=((101,), (102,)))

    @property
    def inputs(self) -> Inputs:
        return Inputs("text", (self.length,), 128)

    def stream(self, texts: list[str]) -> np.ndarray:
        return np.array([ord(letter) for text in texts for letter in text], np.int32)

    def tensor(self, batch: torch.Tensor) -> torch.Tensor:
        return batch.long()


def fed(*texts: str, framed: bool = False, length: int = 8) -> StreamFeed:
    split = Split(list(texts), np.arange(len(texts)), np.zeros((len(texts), 0)), [""] * len(texts))
    preprocessing: Any = Letters(length)
    return StreamFeed(split, preprocessing, CPU, stream_of(split, preprocessing), framed=framed)


def letters(ids: torch.Tensor) -> str:
    return "".join(map(chr, ids.flatten().tolist()))


TEXTS = ("the quick brown fox ", "jumps over the lazy dog")


def test_in_order_every_token_but_the_first_is_told_once() -> None:
    feed = fed(*TEXTS)
    pairs = list(feed.batches(feed.in_order(), 2))
    targets = torch.cat([goals.flatten() for _, goals in pairs])
    assert letters(targets[targets != NOTHING]) == "".join(TEXTS)[1:]
    assert sum(len(inputs) for inputs, _ in pairs) == len(feed)


def test_the_target_is_what_follows() -> None:
    feed = fed(*TEXTS)
    for inputs, targets in feed.batches(feed.order(0, 0), 3):
        assert inputs.shape == targets.shape == (len(inputs), 8)
        assert torch.equal(inputs[:, 1:].long(), targets[:, :-1])
        assert feed.ready(inputs).dtype == torch.int64


def test_an_epoch_is_a_pure_function_of_seed_and_number() -> None:
    feed = fed(*TEXTS)
    assert torch.equal(feed.order(3, 1), feed.order(3, 1))
    assert not torch.equal(feed.order(3, 1), feed.order(3, 2))
    assert not torch.equal(feed.order(3, 1), feed.order(4, 1))
    whole, rest = list(feed.batches(feed.order(3, 1), 2)), list(feed.batches(feed.order(3, 1), 2, start=1))
    assert torch.equal(whole[1][0], rest[0][0])


def test_stretches_stand_between_their_marks() -> None:
    feed = fed(*TEXTS, framed=True)
    assert feed.length == 6
    told = []
    for inputs, targets in feed.batches(feed.in_order(), 4):
        assert (targets[:, 0] == 101).all()
        assert (targets[:, -1] == 102).all()
        assert (inputs >= 0).all()
        told.append(targets[:, 1:-1].flatten())
    every = torch.cat(told)
    assert letters(every[every != NOTHING]) == "".join(TEXTS)


def test_a_text_shorter_than_the_context_is_filled_up() -> None:
    feed = fed("abc")
    [(inputs, targets)] = feed.batches(feed.order(0, 0), 4)
    assert letters(inputs[0, :3]) == "abc"
    assert targets[0].tolist() == [ord("b"), ord("c"), *[NOTHING] * 6]


def test_one_token_is_too_short_and_none_is_empty() -> None:
    with pytest.raises(UserError, match="only one token"):
        fed("a")
    assert len(fed()) == 0
