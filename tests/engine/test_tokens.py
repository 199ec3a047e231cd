"""Tokens before training: a stretch of a text in pieces, in every way to cut it."""

from typing import Any

import pytest

from workbench.core.errors import UserError
from workbench.engine import ask, tokens

DATA = {"kind": "samples", "name": "python-topics"}


def cut(**more: Any) -> dict[str, Any]:
    return ask("tokens.cut", {"data": DATA, "architecture": {}, **more})


@pytest.mark.parametrize("kind", ["bpe", "character", "word", "wordpiece"])
def test_the_pieces_are_the_text(kind: str) -> None:
    found = cut(architecture={"kind": "gpt", "tokens": kind, "vocabulary": 400}, count=300)
    text = "".join(piece for piece, _ in found["pieces"])
    assert text.startswith('The "assert" statement\n***')
    assert len(text) == 300
    assert (found["name"], found["document"]) == ("assert.txt", 0)
    assert max(place for _, place in found["pieces"]) < found["vocabulary"]
    assert found["characters_per_token"] > (0.9 if kind == "character" else 1.5)


def test_it_is_cut_as_the_model_cuts_it() -> None:
    assert cut()["vocabulary"] == 1000  # the first choice for these data
    assert cut(architecture={"kind": "transformer", "tokens": "character"})["characters_per_token"] == 1
    assert cut(architecture={"kind": "convnet"})["vocabulary"] == 1000  # which reads no texts


def test_places_outside_are_the_nearest_inside() -> None:
    found = cut(document=10_000, start=10**9)
    assert found["document"] == found["documents"] - 1
    assert found["pieces"] == []


def test_a_large_text_lends_only_its_beginning_to_the_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_LEARNED_FROM", 5000)
    assert cut(architecture={"kind": "gpt", "vocabulary": 300})["partly"]
    assert not cut()["partly"]


def test_pictures_have_no_tokens() -> None:
    with pytest.raises(UserError, match="There is no text here"):
        ask("tokens.cut", {"data": {"kind": "samples", "name": "digits"}, "architecture": {}})
