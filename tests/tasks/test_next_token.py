"""Next token: losses over all places, perplexity and bits, and what surprised."""

from math import exp, log
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.inference.examining import Examination
from workbench.tasks import tasks

TASK = tasks["next_token"].bound({"characters_per_token": 4.0, "context": 6})


def batch(rows: int = 5, length: int = 6, vocabulary: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(rows, length, vocabulary, generator=generator)
    targets = torch.randint(0, vocabulary, (rows, length), generator=generator)
    targets[-1, 3:] = -100
    return outputs, targets


def test_the_loss_is_the_mean_over_all_places_that_are_there() -> None:
    outputs, targets = batch()
    there = targets != -100
    expected = cross_entropy(outputs[there], targets[there])
    torch.testing.assert_close(TASK.loss(outputs, targets), expected)
    assert int(TASK.count(targets)) == 27
    torch.testing.assert_close(TASK.loss(outputs, targets, reduction="sum") / 27, expected)


def test_perplexity_and_bits_follow_from_the_loss() -> None:
    outputs, targets = batch()
    examination = Examination(TASK, TASK.metrics, keeping=True)
    examination.add(outputs[:3], targets[:3])
    examination.add(outputs[3:], targets[3:])
    found = examination.result([])["metrics"]
    loss = float(TASK.loss(outputs, targets))
    assert found["loss"] == pytest.approx(loss, rel=1e-5)
    assert found["perplexity"] == pytest.approx(exp(loss), rel=1e-5)
    assert found["bits_per_character"] == pytest.approx(loss / log(2) / 4, rel=1e-5)


def test_an_evaluation_tells_places_and_surprises() -> None:
    outputs, targets = batch()
    kept = TASK.kept(outputs, targets)
    details = TASK.details(*kept, [], ())
    losses, _ = kept
    assert details["by_place"][0] == [1, pytest.approx(float(losses[:, 0].mean()), rel=1e-5)]
    assert len(details["by_place"]) == 6
    first = details["surprising"][0]
    worst = int(losses[:4].mean(1).argmax())
    assert (first["token"], first["ids"]) == (worst * 6 + 1, targets[worst].tolist())
    assert first["loss"] == pytest.approx(float(losses[worst].mean()), rel=1e-5)


def test_long_stretches_are_shown_where_they_surprise_most() -> None:
    outputs = torch.zeros(1, 100, 5)
    targets = torch.zeros(1, 100, dtype=torch.int64)
    outputs[0, 60:90, 1] = 9.0  # wrong, and sure of it
    [found] = TASK.details(*TASK.kept(outputs, targets), [], ())["surprising"]
    assert len(found["ids"]) == 48
    assert 42 <= found["token"] - 1 <= 60


def dataset(training: str, validation: str = "") -> Any:
    def split(text: str) -> Any:
        return SimpleNamespace(texts=lambda: [text] if text else [])

    return SimpleNamespace(splits={"training": split(training), "validation": split(validation)})


class Letters:
    """Two letters a token."""

    def __init__(self, length: int = 8, vocabulary: int = 100) -> None:
        self.inputs = Inputs("text", (length,), vocabulary)

    def ids_of(self, text: str) -> np.ndarray:
        return np.array([ord(letter) for letter in text[::2]], np.int32)

    def stream(self, texts: list[str]) -> np.ndarray:
        return np.concatenate([np.zeros(0, np.int32), *map(self.ids_of, texts)])

    def token(self, place: int) -> str:
        return chr(place)


def test_characters_per_token_are_those_of_the_text_that_judges() -> None:
    goal = tasks["next_token"].goal_for(dataset("ab" * 20, "abc"), Letters(), None)
    assert goal == {"characters_per_token": 1.5, "context": 8}
    assert tasks["next_token"].goal_for(dataset("ab" * 20), Letters(), None)["characters_per_token"] == 2


def test_a_text_shorter_than_the_context_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        tasks["next_token"].goal_for(dataset("ab" * 8), Letters(), None)
    assert str(caught.value) == "The training text has 8 tokens, and the network reads 8 at once."
    assert "choose a context of fewer tokens" in str(caught.value.hint)


def test_an_empty_vocabulary_is_refused() -> None:
    with pytest.raises(UserError, match="nothing in the training texts to make tokens of"):
        tasks["next_token"].goal_for(dataset("ab" * 80), Letters(vocabulary=1), None)


@pytest.mark.parametrize("text", ["a", "hello", "h\0l\0l\0", "x" * 100, ""])
def test_what_follows_the_end_of_a_text_is_told_whatever_its_length(text: str) -> None:
    class All(Letters):
        def ids_of(self, text: str) -> np.ndarray:
            return np.array([ord(letter) for letter in text], np.int32)

    letters: Any = All()
    row = TASK.encoded(text, letters)
    assert row.shape == (8,)
    end = max(min(len(text), 7) - 1, 0)
    assert row[: end + 1].tolist() == [ord(letter) for letter in text[-7:]] or not text
    outputs = torch.zeros(1, 8, 100)
    outputs[0, end, 66] = 5.0
    [answer] = TASK.answers(outputs, torch.from_numpy(row)[None], [], 3, letters)
    assert answer["label"] == "B"
    assert answer["score"] == answer["top"][0]["score"] > 0.5
    assert len(answer["top"]) == 3
