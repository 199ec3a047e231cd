"""Texts without the padding that nobody in their batch needs, and batches of similar lengths."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.runs import make_run
from workbench.architectures import architectures
from workbench.core.events import Finished
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.inference.order import by_length, portions
from workbench.training import setup
from workbench.training.setup import set_up
from workbench.training.worker import recipe_of, train_run

REVIEWS = {"kind": "samples", "name": "reviews"}
SMALL: dict[str, dict[str, Any]] = {
    "transformer": {"layers": 1, "width": 16, "heads": 2, "dropout": 0.0},
    "transformer-first": {
        "kind": "transformer",
        "layers": 1,
        "width": 16,
        "heads": 2,
        "pooling": "first",
        "dropout": 0,
    },
    "bert": {"layers": 1, "width": 16, "heads": 2, "feedforward": 32, "vocabulary": 400, "dropout": 0.0},
    "rnn": {"embedding": 8, "hidden": 8, "dropout": 0.0},
    "rnn-both": {"kind": "rnn", "embedding": 8, "hidden": 8, "bidirectional": True, "dropout": 0.0},
}  # fmt: skip


def run_of(runs: Path, name: str, *settings: str) -> RunFolder:
    architecture = {"kind": name, "length": 200, **SMALL[name]}
    training = ("training.epochs=2", "training.batch_size=32", "training.precision=float32", *settings)
    return make_run(runs, *training, data=REVIEWS, architecture=architecture)


def losses(folder: RunFolder) -> np.ndarray:
    assert isinstance(train_run(folder), Finished)
    return whole_history(folder)[0].scalars["training_loss"][1]


@pytest.mark.parametrize("name", SMALL)
def test_texts_without_their_padding_are_learned_as_with_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = run_of(tmp_path / "short", name)
    trained = losses(short)
    recipe, _ = recipe_of(short)
    trainee = set_up(recipe, lambda event: None)
    widths = {inputs.shape[1] for inputs, _ in trainee.batches(trainee.training.order(0, 0), 8)}
    assert max(widths) <= 200
    assert min(widths) < 200
    assert all(width % 8 == 0 for width in widths)
    monkeypatch.setattr(setup, "trims", lambda recipe: False)
    np.testing.assert_allclose(losses(run_of(tmp_path / "long", name)), trained, rtol=0, atol=1e-4)


def test_who_reads_padding_gets_it() -> None:
    trimmed = {kind for kind, entry in architectures.items() if getattr(entry.settings, "trims_texts", False)}
    assert trimmed == {"transformer", "bert", "rnn", "pretrained"}


def test_batches_hold_texts_of_similar_length_and_each_text_once() -> None:
    lengths = torch.randint(1, 500, (1003,), generator=torch.Generator().manual_seed(0))
    order = by_length(torch.randperm(1003), lengths, 10, 7)
    assert sorted(order.tolist()) == list(range(1003))
    batches = portions(order, 10)
    assert [len(batch) for batch in batches] == [10] * 100 + [3]
    spread = [int(lengths[batch].max() - lengths[batch].min()) for batch in batches]
    assert np.mean(spread) < 30  # of 450 where they come as they are drawn
    longest = [int(lengths[batch].max()) for batch in batches]
    assert abs(np.corrcoef(longest, range(len(longest)))[0, 1]) < 0.3  # the batches are mixed
    again = by_length(torch.randperm(1003, generator=torch.Generator().manual_seed(1)), lengths, 10, 7)
    assert again.tolist() != order.tolist()


def test_grouped_texts_are_learned_resumed_and_the_same_every_time(tmp_path: Path) -> None:
    settings = ("training.group_lengths=true", "training.schedule.kind=constant")
    whole = losses(run_of(tmp_path / "whole", "transformer", *settings))
    parts = run_of(tmp_path / "parts", "transformer", *settings, "training.epochs=1")
    losses(parts)
    assert isinstance(train_run(parts, ["training.epochs=2"]), Finished)
    np.testing.assert_array_equal(whole_history(parts)[0].scalars["training_loss"][1], whole)
    plain = losses(run_of(tmp_path / "plain", "transformer", "training.schedule.kind=constant"))
    assert not np.array_equal(plain, whole)
