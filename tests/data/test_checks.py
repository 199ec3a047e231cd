"""Findings in words."""

import time
from pathlib import Path

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.core.signature import SPLITS, Inputs
from workbench.data import cache
from workbench.data.checks import checked, require_trainable
from workbench.data.dataset import Dataset, Split


def dataset(*targets: list[int], classes: tuple[str, ...] = ("cat", "dog")) -> Dataset:
    splits, begin = {}, 0
    for split, labels in zip(SPLITS, targets, strict=True):
        index = np.arange(begin, begin + len(labels))
        splits[split] = Split(
            np.zeros((100, 1, 1, 1), np.uint8), index, np.array(labels, np.int64), [str(n) for n in index]
        )
        begin += len(labels)
    return Dataset("x", "classification", Inputs("image", (1, 1, 1)), classes, splits)


def found(*targets: list[int], classes: tuple[str, ...] = ("cat", "dog")) -> dict[str, str]:
    return {str(problem.words): problem.level for problem in checked(dataset(*targets, classes=classes)).problems}


def test_balance_is_said() -> None:
    even = found([0] * 12 + [1] * 10, [0, 1], [0, 1])
    assert even["Even: the rarest class has 12 images, the most common 14."] == "good"
    uneven = found([0] * 40 + [1] * 10, [0], [0])
    assert uneven["Uneven: dog has 10 images, cat has 42. Class weights can make up for it."] == "warning"
    assert found([0] * 10 + [1] * 10, [0, 1], [0, 1])["Even: every class has 12 images."] == "good"


def test_small_and_missing_classes_are_named() -> None:
    problems = found([0] * 20 + [1] * 3, [0, 2], [0], classes=("cat", "dog", "owl"))
    assert problems["Fewer than 10 training samples: dog."] == "warning"
    assert problems["No training samples of owl: the model cannot learn them."] == "warning"


def test_empty_splits_are_named() -> None:
    problems = " ".join(found([0] * 10 + [1] * 10, [], []))
    assert "no validation samples" in problems
    assert "no test samples" in problems


@pytest.mark.parametrize(
    ("training", "classes", "message"),
    [
        ([0] * 9, ("cat",), "only one class, cat"),
        ([1] * 9, ("cat", "dog"), "All training samples are of one class, dog"),
        ([], ("cat", "dog"), "no samples to train on"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_with_a_next_step(
    training: list[int], classes: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        require_trainable(checked(dataset(training, [0], [0], classes=classes)))
    assert caught.value.hint.template


def test_what_can_be_trained_on_passes() -> None:
    require_trainable(checked(dataset([0] * 5 + [1] * 5, [], [])))


def test_sixty_thousand_images_are_compared_in_a_moment() -> None:
    random = np.random.Generator(np.random.PCG64(0))
    images = random.integers(0, 256, (60_000, 48), dtype=np.uint8)
    images[59_999] = images[0]
    groups = cache.groups_of_equals(cache.digests(images))
    parts = np.split(np.arange(60_000), [50_000, 55_000])
    labels = np.arange(60_000) % 10
    splits = {
        name: Split(images, rows, labels[rows], [str(row) for row in rows])
        for name, rows in zip(SPLITS, parts, strict=True)
    }
    given = Dataset("x", "classification", Inputs("image", (1, 1, 48)), tuple("0123456789"), splits, cache=Path())
    before = time.process_time()
    problems = checked(given, groups).problems
    assert time.process_time() - before < 1
    assert [problem.items for problem in problems if "in validation or test" in str(problem.words)] == [("59999",)]
