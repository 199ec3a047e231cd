"""Every metric: it adds up over batches, and says what scikit-learn says."""

import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, top_k_accuracy_score
from torch import Tensor

from workbench.metrics import metrics
from workbench.tasks import tasks

OF_CLASSES = tasks["classification"].metrics


def samples(count: int = 200, classes: int = 8) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(count, classes, generator=generator)
    targets = torch.randint(classes, (count,), generator=generator)
    return logits + 2 * torch.nn.functional.one_hot(targets, classes), targets


@pytest.mark.parametrize("name", metrics)
def test_it_says_what_it_is(name: str) -> None:
    metric = metrics[name]
    assert metric.name == name
    assert metric.title
    assert metric.summary.endswith(".")
    assert metric.better in ("higher", "lower")


@pytest.mark.parametrize("name", OF_CLASSES)
def test_batches_add_up(name: str) -> None:
    metric = metrics[name]
    logits, targets = samples()
    parts = [metric.total(*batch) for batch in zip(logits.split(64), targets.split(64), strict=True)]
    whole = metric.value(metric.total(logits, targets), len(targets))
    assert metric.value(torch.stack(parts).sum(0), len(targets)) == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_right_answers_are_best(name: str) -> None:
    metric = metrics[name]
    _, targets = samples()
    certain = torch.nn.functional.one_hot(targets, 8).float()
    best = metric.value(metric.total(certain, targets), len(targets))
    other = metric.value(metric.total(certain.flip(0), targets), len(targets))
    assert best > other if metric.better == "higher" else best < other
    if metric.percent:
        assert best == 1.0


@pytest.mark.parametrize("name", OF_CLASSES)
def test_soft_targets_count_as_their_likeliest_class(name: str) -> None:
    metric = metrics[name]
    logits, targets = samples()
    soft = 0.8 * torch.nn.functional.one_hot(targets, 8) + 0.2 / 8
    assert torch.equal(metric.total(logits, soft), metric.total(logits, targets))


def test_the_values_are_scikit_learns() -> None:
    logits, targets = samples()
    guesses = logits.argmax(1)
    expected = {
        "accuracy": accuracy_score(targets, guesses),
        "top_5_accuracy": top_k_accuracy_score(targets, logits, k=5),
        "macro_f1": f1_score(targets, guesses, average="macro"),
    }
    found = {name: metrics[name].value(metrics[name].total(logits, targets), len(targets)) for name in expected}
    assert found == pytest.approx(expected)


def test_macro_f1_leaves_out_classes_that_do_not_occur() -> None:
    logits = torch.eye(5)[[0, 1, 1, 0]]
    targets = torch.tensor([0, 1, 0, 0])
    metric = metrics["macro_f1"]
    expected = f1_score(targets, logits.argmax(1), average="macro")
    assert metric.value(metric.total(logits, targets), 4) == pytest.approx(expected)


def test_top_5_of_fewer_classes_is_certain() -> None:
    metric = metrics["top_5_accuracy"]
    assert metric.least_outputs == 6
    assert metric.total(torch.randn(7, 3), torch.zeros(7, dtype=torch.int64)) == 7
