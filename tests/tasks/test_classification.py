"""Classification: its loss, its weights and its predictions."""

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from workbench.core.signature import Inputs
from workbench.tasks import tasks
from workbench.tasks.classification import balanced_weights

TASK = tasks["classification"]
LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 3.0], [0.5, 0.5, 0.0], [0.0, -2.0, 0.0]])
TARGETS = torch.tensor([0, 1, 2, 2])


def test_outputs_are_the_classes() -> None:
    assert TASK.outputs(3, Inputs("image", (1, 2, 2))) == 3


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_cross_entropy(smoothing: float) -> None:
    expected = cross_entropy(LOGITS, TARGETS, label_smoothing=smoothing)
    torch.testing.assert_close(TASK.loss(LOGITS, TARGETS, label_smoothing=smoothing), expected)


def test_parts_of_a_batch_add_up_with_weights_too() -> None:
    weights = torch.tensor([1.0, 2.0, 0.5])
    whole = TASK.loss(LOGITS, TARGETS, weights=weights)
    parts = [
        TASK.loss(LOGITS[part], TARGETS[part], weights=weights, reduction="sum") for part in (slice(0, 1), slice(1, 4))
    ]
    torch.testing.assert_close((parts[0] + parts[1]) / len(TARGETS), whole)


@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 2.0, 0.5])])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_soft_targets_of_one_class_are_that_class(weights: torch.Tensor | None, smoothing: float) -> None:
    hard = TASK.loss(LOGITS, TARGETS, weights=weights, label_smoothing=smoothing)
    soft = TASK.loss(LOGITS, one_hot(TARGETS, 3).float(), weights=weights, label_smoothing=smoothing)
    torch.testing.assert_close(soft, hard)


def test_a_mixture_of_two_samples_has_the_mixture_of_their_losses() -> None:
    mixed = 0.7 * one_hot(TARGETS, 3) + 0.3 * one_hot(TARGETS.flip(0), 3)
    expected = 0.7 * TASK.loss(LOGITS, TARGETS) + 0.3 * TASK.loss(LOGITS, TARGETS.flip(0))
    torch.testing.assert_close(TASK.loss(LOGITS, mixed), expected)


def test_short_numbers_are_made_long_first() -> None:
    assert TASK.loss(LOGITS.bfloat16(), TARGETS).dtype == torch.float32
    scores = [row["score"] for row in TASK.predictions((LOGITS * 100).bfloat16(), "abc", top=1)]
    torch.testing.assert_close(torch.tensor(scores), torch.softmax(LOGITS * 100, 1).amax(1))


def test_predictions_are_ranked() -> None:
    first = TASK.predictions(LOGITS, ("cat", "dog", "fox"), top=2)[0]
    assert first["label"] == "cat"
    assert [guess["label"] for guess in first["top"]] == ["cat", "dog"]
    assert first["score"] == first["top"][0]["score"] == pytest.approx(torch.softmax(LOGITS[0], 0)[0].item())
    everything = TASK.predictions(LOGITS, ("cat", "dog", "fox"), top=99)[0]["top"]
    assert sum(guess["score"] for guess in everything) == pytest.approx(1)


def test_balanced_weights_make_classes_count_the_same() -> None:
    counts = [90, 10, 0]
    weights = balanced_weights(counts)
    assert weights == pytest.approx([100 / (2 * 90), 5.0, 0.0])
    assert sum(w * n for w, n in zip(weights, counts, strict=True)) == pytest.approx(100)
