"""Dealing samples out to training, validation and test: by class, by seed, the same every time."""

import numpy as np

TRAINING, VALIDATION, TEST, UNDECIDED = 0, 1, 2, 255


def dealt(targets: np.ndarray, given: np.ndarray | None, *, validation: float, test: float, seed: int) -> np.ndarray:
    """Return the split of every sample: (N,) uint8 of TRAINING, VALIDATION and TEST.

    targets (N,) int64 classes. given (N,) uint8: what the data themselves say, or UNDECIDED. A test or validation set
    that the data bring stays as it is; what is missing is taken from their training samples, each class by its share.
    """
    splits = np.full(len(targets), UNDECIDED, np.uint8) if given is None else given.astype(np.uint8, copy=True)
    brings_validation, brings_test = (splits == VALIDATION).any(), (splits == TEST).any()
    pool = np.flatnonzero((splits == UNDECIDED) | (splits == TRAINING))
    for_test = 0.0 if brings_test else test
    for_validation = 0.0 if brings_validation else validation
    taken = stratified(targets[pool], (for_validation, for_test), seed)
    splits[pool] = taken
    return splits


def stratified(targets: np.ndarray, shares: tuple[float, float], seed: int) -> np.ndarray:
    """Return 0, 1 or 2 for every sample: 1 and 2 have their `shares` of every class, as nearly as counts allow.

    A class with at least one sample more than there are wanted parts appears in each of them. What rounding leaves over
    goes to the classes with the largest remainders.
    """
    parts = np.zeros(len(targets), np.uint8)
    if not len(targets):
        return parts
    random = np.random.Generator(np.random.PCG64(seed))
    order = random.permutation(len(targets))
    order = order[np.argsort(targets[order], kind="stable")]  # by class, at random within it
    counts = np.bincount(targets)
    starts = np.cumsum(counts) - counts
    wanted = [share > 0 for share in shares]
    takes = [_apportioned(counts, share, random) for share in shares]
    for label in np.flatnonzero(counts):
        left = int(counts[label])
        take = [int(part[label]) for part in takes]
        if left > sum(wanted):
            take = [max(number, int(want)) for number, want in zip(take, wanted, strict=True)]
        while sum(take) >= left:  # something is left to train on, whatever the rounding
            take[int(np.argmax(take))] -= 1
        begin = int(starts[label])
        parts[order[begin : begin + take[0]]] = VALIDATION
        parts[order[begin + take[0] : begin + sum(take)]] = TEST
    return parts


def _apportioned(counts: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """Return how many of each class make up `share` of all: largest remainders, ties broken at random."""
    exact = counts * share
    take = np.floor(exact).astype(np.int64)
    left_over = int(np.floor(counts.sum() * share + 0.5)) - int(take.sum())
    if left_over > 0:
        ranks = np.lexsort((random.random(len(counts)), -(exact - take)))
        take[ranks[:left_over]] += 1
    return take
