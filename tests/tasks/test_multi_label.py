"""Several labels for one sample: loss, metrics, details and predictions."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch.nn.functional import binary_cross_entropy_with_logits

from workbench.core.signature import Inputs
from workbench.metrics import metrics
from workbench.tasks import tasks

TASK = tasks["multi_label"]
LOGITS = torch.tensor([[3.0, -1.0, 2.0], [-2.0, -1.0, -3.0], [0.5, 1.0, -1.0], [-1.0, 2.0, 2.0]])
TARGETS = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=torch.uint8)
LABELS = ("fast", "cheap", "loud")


def many() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    targets = (torch.rand(300, 6, generator=generator) < torch.tensor([0.5, 0.3, 0.2, 0.1, 0.02, 0.0])).to(torch.uint8)
    return torch.randn(300, 6, generator=generator) + 2 * targets - 1, targets


def test_there_is_an_output_for_every_label() -> None:
    assert TASK.outputs(3, Inputs("text", (8,), 20)) == 3


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_binary_cross_entropy(smoothing: float) -> None:
    goals = TARGETS.float() * (1 - smoothing) + smoothing / 2
    expected = binary_cross_entropy_with_logits(LOGITS, goals)
    torch.testing.assert_close(TASK.loss(LOGITS, TARGETS, label_smoothing=smoothing), expected)
    parts = [TASK.loss(LOGITS[part], TARGETS[part], label_smoothing=smoothing, reduction="sum")
             for part in (slice(0, 1), slice(1, 4))]  # fmt: skip
    torch.testing.assert_close(sum(parts) / 4, expected)


def test_metrics_are_those_of_scikit_learn() -> None:
    outputs, targets = many()
    told = (outputs > 0).numpy()
    expected = {
        "micro_f1": f1_score(targets, told, average="micro"),
        "label_macro_f1": np.mean([f1_score(targets[:, n], told[:, n]) for n in range(6)]),
        "exact_match": accuracy_score(targets, told),
    }
    assert set(TASK.metrics) == set(expected)
    found: dict[str, Any] = {}
    for name in TASK.metrics:
        halves = [metrics[name].total(*pair) for pair in zip(outputs.split(150), targets.split(150), strict=True)]
        found[name] = metrics[name].value(halves[0] + halves[1], 300)
    assert found == pytest.approx(expected)


def test_details_name_every_label_and_what_was_wrong() -> None:
    details = TASK.details(LOGITS, TARGETS, LABELS, ("a", "b", "c", "d"))
    fast, cheap, loud = details["per_label"]
    assert (fast["label"], fast["count"], fast["precision"], fast["recall"], fast["f1"]) == ("fast", 2, 1.0, 1.0, 1.0)
    assert (cheap["precision"], cheap["recall"], loud["precision"]) == (0.5, 1.0, 0.5)
    worst, other = details["mistakes"]
    assert (worst["name"], worst["label"], worst["predicted"]) == ("d", "cheap", "cheap, loud")
    assert worst["score"] == pytest.approx(torch.sigmoid(torch.tensor(2.0)).item())
    assert (other["row"], other["label"], other["predicted"]) == (2, "fast", "fast, cheap")


def test_predictions_tell_all_labels_above_the_threshold() -> None:
    first, none, *_ = TASK.predictions(LOGITS, LABELS, top=2)
    assert (first["label"], first["labels"]) == ("fast, loud", ["fast", "loud"])
    assert [entry["label"] for entry in first["top"]] == ["fast", "loud"]
    assert (none["label"], none["labels"]) == ("", [])
    assert len(none["top"]) == 2
    [only] = TASK.predictions(LOGITS[:1], LABELS, top=1)
    assert [entry["label"] for entry in only["top"]] == ["fast", "loud"]  # what is told always has its score
    assert TASK.predictions(LOGITS[:1], LABELS, top=99)[0]["top"][2]["label"] == "cheap"
