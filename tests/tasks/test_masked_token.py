"""Masked token: how many tokens are hidden and how, what is never hidden, and what the loss counts."""

from typing import Any

import pytest
import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.metrics import metrics
from workbench.tasks import Task, tasks

PAD, UNKNOWN, CLASS, SEPARATOR, MASK = range(5)
VOCABULARY = 1000


class _Tokens:
    """A text preprocessing with the marks of BERT."""

    inputs = Inputs("text", (66,), VOCABULARY)
    frame = ((CLASS,), (SEPARATOR,))

    def __init__(self, *left_out: str) -> None:
        self.left_out = left_out

    @property
    def special(self) -> dict[str, int]:
        ids = {"padding": PAD, "unknown": UNKNOWN, "cls": CLASS, "sep": SEPARATOR, "mask": MASK}
        return {name: number for name, number in ids.items() if name not in self.left_out}


class _Settings:
    def __init__(self, next_sentence: bool = False) -> None:
        self.next_sentence = next_sentence


def bound(next_sentence: bool = False) -> Task:
    task = tasks["masked_token"]
    return task.bound(task.goal_for(None, _Tokens(), _Settings(next_sentence)))


def batch(rows: int = 400, inner: int = 64, seed: int = 0) -> Tensor:
    ids = torch.randint(5, VOCABULARY, (rows, inner), generator=Generator().manual_seed(seed))
    return torch.cat([torch.full((rows, 1), CLASS), ids, torch.full((rows, 1), SEPARATOR)], dim=1)


def prepared(task: Task, ids: Tensor, *, training: bool = True, seed: int = 0) -> tuple[Tensor, Tensor]:
    return task.prepare(ids, ids, Generator().manual_seed(seed), training=training)


@pytest.mark.parametrize("training", [True, False])
def test_fifteen_percent_are_hidden_as_in_the_paper(training: bool) -> None:
    ids = batch()
    masked, targets = prepared(bound(), ids, training=training)
    hidden = targets != -100
    assert (hidden.sum(1) == 10).all()  # 15 % of 64, rounded
    assert torch.equal(targets[hidden], ids[hidden])
    assert torch.equal(masked[~hidden], ids[~hidden])
    shown = masked[hidden]
    assert (shown == MASK).float().mean().item() == pytest.approx(0.8, abs=0.02)
    assert (shown == ids[hidden]).float().mean().item() == pytest.approx(0.1, abs=0.02)
    others = shown[(shown != MASK) & (shown != ids[hidden])]
    assert others.min() >= 5
    assert others.unique().numel() > 200  # any token, not a few of them
    places = hidden.float().mean(0)[1:-1]
    assert places.min() > 0.05  # none of them is spared
    assert places.max() < 0.27


@pytest.mark.parametrize("training", [True, False])
def test_marks_and_padding_are_never_hidden(training: bool) -> None:
    ids = batch(50)
    ids[:, 40:] = PAD
    ids[:, 39] = SEPARATOR
    ids[:, 5] = UNKNOWN
    _, targets = prepared(bound(), ids, training=training)
    hidden = targets != -100
    assert not hidden[:, [0, 5, *range(39, 66)]].any()
    assert (hidden.sum(1) == 6).all()  # 15 % of 37, rounded


def test_a_short_text_has_one_hidden_token_and_an_empty_one_none() -> None:
    ids = torch.tensor([[CLASS, 17, 18, SEPARATOR], [CLASS, SEPARATOR, PAD, PAD]])
    _, targets = prepared(bound(), ids)
    assert (targets != -100).sum(1).tolist() == [1, 0]


def test_training_follows_the_generator_and_judging_the_text() -> None:
    ids = batch(20)
    task = bound()
    assert torch.equal(prepared(task, ids, seed=3)[0], prepared(task, ids, seed=3)[0])
    assert not torch.equal(prepared(task, ids, seed=3)[0], prepared(task, ids, seed=4)[0])
    whole, _ = prepared(task, ids, training=False, seed=3)
    part, _ = prepared(task, ids[7:11], training=False, seed=4)
    assert torch.equal(whole[7:11], part)
    assert not torch.equal(whole[0] == MASK, whole[1] == MASK)


def test_the_steps_of_a_training_have_a_chance_of_their_own() -> None:
    assert bound().draws


def test_the_loss_is_the_mean_over_hidden_tokens() -> None:
    task = bound()
    _, targets = prepared(task, batch(8))
    outputs = torch.randn((8, 66, VOCABULARY), generator=Generator().manual_seed(1))
    expected = cross_entropy(outputs.flatten(0, 1), targets.flatten(), ignore_index=-100)
    assert task.loss(outputs, targets).item() == pytest.approx(expected.item(), rel=1e-6)
    first, second = (task.loss(outputs[part], targets[part], reduction="sum") for part in (slice(3), slice(3, 8)))
    assert ((first + second) / task.count(targets)).item() == pytest.approx(expected.item(), rel=1e-6)
    nothing = torch.full_like(targets, -100)
    assert task.loss(outputs, nothing).item() == 0


def test_accuracy_counts_hidden_tokens_alone() -> None:
    task = bound()
    _, targets = prepared(task, batch(8))
    right = torch.nn.functional.one_hot(targets.clamp(min=0), VOCABULARY).float()
    total = metrics["masked_accuracy"].total
    count = int(task.count(targets))
    assert metrics["masked_accuracy"].value(task.totals({"a": total}, right, targets)["a"], count) == 1
    assert int(task.totals({"a": total}, right.roll(1, -1), targets)["a"]) == 0


@pytest.mark.parametrize("training", [True, False])
def test_the_next_sentence_is_a_place_of_its_own(training: bool) -> None:
    task = bound(next_sentence=True)
    ids = batch()
    masked, targets = prepared(task, ids, training=training)
    assert masked.shape == ids.shape
    assert targets.shape == (400, 67)
    assert targets[:, -1].float().mean().item() == pytest.approx(0.5, abs=0.1)
    second = masked >= VOCABULARY
    assert not second[:, :34].any()  # the mark, half of the text, and the separator between the halves
    assert second[:, 34:].all()
    shown = masked - second * VOCABULARY
    assert (shown[:, 33] == SEPARATOR).all()
    assert (shown[:, -1] == SEPARATOR).all()
    original = torch.where(targets[:, :-1] == -100, shown, targets[:, :-1])
    follows = targets[:, -1] == 0
    assert torch.equal(original[follows, 34:65], ids[follows, 33:64])
    assert not (original[~follows, 34:65] == ids[~follows, 33:64]).all(1).any()


def test_the_next_sentence_adds_its_own_mean_to_the_loss() -> None:
    task = bound(next_sentence=True)
    _, targets = prepared(task, batch(8))
    outputs = torch.randn((8, 67, VOCABULARY), generator=Generator().manual_seed(1))
    tokens = cross_entropy(outputs[:, :-1].flatten(0, 1), targets[:, :-1].flatten(), ignore_index=-100)
    sentences = cross_entropy(outputs[:, -1, :2], targets[:, -1])
    assert task.loss(outputs, targets).item() == pytest.approx((tokens + sentences).item(), rel=1e-6)
    total: Any = metrics["masked_accuracy"].total
    assert task.totals({"a": total}, outputs, targets)["a"].item() <= task.count(targets)


def test_each_place_gets_its_candidates() -> None:
    outputs = torch.zeros((1, 3, 10))
    outputs[0, 1, 7] = 5
    places = bound().predictions(outputs, (), top=2)[0]["places"]
    assert len(places) == 3
    assert places[1][0]["id"] == 7
    assert places[1][0]["score"] == pytest.approx(torch.softmax(outputs[0, 1], 0)[7].item())


def test_a_tokenizer_without_a_mask_is_refused() -> None:
    task = tasks["masked_token"]
    with pytest.raises(UserError, match="no token that hides"):
        task.goal_for(None, _Tokens("mask"), _Settings())
    with pytest.raises(UserError, match="between two sentences"):
        task.goal_for(None, _Tokens("sep"), _Settings(next_sentence=True))


class _Words(_Tokens):
    def token(self, place: int) -> str:
        return f"w{place}"


def test_a_mask_is_answered_with_candidates_and_the_others_with_what_stands_there() -> None:
    ids = torch.tensor([[CLASS, 7, MASK, 9, SEPARATOR, PAD], [CLASS, 8, 6, SEPARATOR, PAD, PAD]])
    logits = torch.zeros(2, 6, VOCABULARY)
    logits[0, 2, 42], logits[0, 2, 43] = 20.0, 18.0
    logits[0, 1, 7], logits[0, 3, 11] = 30.0, 30.0
    logits[1, 1, 8], logits[1, 2, 6] = 30.0, 30.0
    with_mask, without = bound().answers(logits, ids, (), 2, _Words())
    [candidates] = with_mask["masks"]
    assert [guess["label"] for guess in candidates] == ["w42", "w43"]
    assert candidates[0]["score"] == pytest.approx(float(torch.softmax(torch.tensor([20.0, 18.0]), 0)[0]), rel=1e-3)
    assert [(token["token"], token["label"]) for token in with_mask["tokens"]] == [
        ("w7", "w7"),
        ("", "w42"),
        ("w9", "w11"),
    ]
    assert with_mask["label"] == "w42"
    assert without["masks"] == []
    assert without["label"] == "w8 w6"
