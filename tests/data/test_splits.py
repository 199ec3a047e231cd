"""Dealing samples out: by class, by seed, keeping what the data bring."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.splits import TEST, TRAINING, UNDECIDED, VALIDATION, dealt, stratified


def test_shares_are_kept_in_every_class() -> None:
    targets = np.repeat([0, 1, 2], [1000, 500, 200])
    parts = stratified(targets, (0.1, 0.2), seed=0)
    assert np.bincount(targets[parts == VALIDATION]).tolist() == [100, 50, 20]
    assert np.bincount(targets[parts == TEST]).tolist() == [200, 100, 40]


def test_the_total_is_kept_where_classes_round() -> None:
    parts = stratified(np.repeat(np.arange(10), 178), (0.1, 0.1), seed=0)
    assert (parts == VALIDATION).sum() == (parts == TEST).sum() == 178


def test_a_seed_decides() -> None:
    targets = np.arange(300) % 3
    assert np.array_equal(stratified(targets, (0.1, 0.1), 1), stratified(targets, (0.1, 0.1), 1))
    assert not np.array_equal(stratified(targets, (0.1, 0.1), 1), stratified(targets, (0.1, 0.1), 2))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.integers(0, 9))
@settings(deadline=None, max_examples=50)
def test_classes_of_three_are_everywhere_and_no_class_is_taken_whole(labels: list[int], seed: int) -> None:
    targets = np.array(labels)
    parts = stratified(targets, (0.1, 0.1), seed)
    for label, count in zip(*np.unique(targets, return_counts=True), strict=True):
        present = set(parts[targets == label].tolist())
        assert TRAINING in present
        assert count < 3 or present == {TRAINING, VALIDATION, TEST}


def test_given_tests_stay_and_validation_comes_from_training() -> None:
    targets = np.arange(120) % 4
    given_splits = np.where(np.arange(120) < 100, TRAINING, TEST).astype(np.uint8)
    splits = dealt(targets, given_splits, validation=0.1, test=0.5, seed=0)
    assert (splits[100:] == TEST).all()
    assert (splits[:100] != TEST).all()
    assert (splits[:100] == VALIDATION).sum() == 10


def test_given_validation_stays_and_tests_come_from_training() -> None:
    given_splits = np.repeat([TRAINING, VALIDATION], [80, 20]).astype(np.uint8)
    splits = dealt(np.arange(100) % 2, given_splits, validation=0.3, test=0.1, seed=0)
    assert (splits == VALIDATION).sum() == 20
    assert (splits == TEST).sum() == 8


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.2, 0.0), (0.0, 0.2)])
def test_a_share_of_nothing_is_nothing(shares: tuple[float, float]) -> None:
    splits = dealt(np.arange(50) % 2, np.full(50, UNDECIDED, np.uint8), validation=shares[0], test=shares[1], seed=0)
    assert [(splits == VALIDATION).sum(), (splits == TEST).sum()] == [50 * share for share in shares]
