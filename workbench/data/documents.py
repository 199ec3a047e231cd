"""Dealing out texts that a language is learned from: whole ones by their length, and few or long ones in pieces."""

import numpy as np

from workbench.data.base import DataSettings
from workbench.data.splits import TEST, TRAINING, UNDECIDED, VALIDATION

_MANY = 10  # documents from which on whole ones are dealt out; fewer are cut


def in_splits(
    texts: list[str], names: list[str], given: np.ndarray, groups: np.ndarray | None, settings: DataSettings
) -> tuple[list[str], list[str], np.ndarray, np.ndarray | None]:
    """Return the texts with their names, the split of each and its group of equals (None: they were cut).

    given (N,) uint8: the splits that the data bring, see `splits.dealt`. groups (N,) int64: equal for equal texts.
    """
    if len(texts) < _MANY and np.isin(given, (UNDECIDED, TRAINING)).all():
        return (*_cut(texts, names, settings), None)
    if (given == UNDECIDED).any():
        given = _dealt(np.array([len(text) for text in texts]), given, settings)
    return texts, names, given, groups


def facts_of(texts: list[str]) -> dict[str, int]:
    """Return what there is to know about texts without labels: how many, of how many characters."""
    different: set[str] = set().union(*map(set, texts))
    return {"documents": len(texts), "characters": sum(map(len, texts)), "different_characters": len(different)}


def _cut(texts: list[str], names: list[str], settings: DataSettings) -> tuple[list[str], list[str], np.ndarray]:
    """Return few texts cut in order: the end is for testing, what stands before it for validation."""
    total = sum(map(len, texts))
    first = int(total * (1 - settings.validation - settings.test) + 1e-6)
    second = max(first, int(total * (1 - settings.test) + 1e-6))
    parts: list[tuple[str, str, int]] = []
    done = 0
    for text, name in zip(texts, names, strict=True):
        places = [min(max(place - done, 0), len(text)) for place in (0, first, second, total)]
        for split, begin, end in zip((TRAINING, VALIDATION, TEST), places[:-1], places[1:], strict=True):
            if end > begin:
                parts.append((text[begin:end], name, split))
        done += len(text)
    return [part[0] for part in parts], [part[1] for part in parts], np.array([part[2] for part in parts], np.uint8)


def _dealt(sizes: np.ndarray, given: np.ndarray, settings: DataSettings) -> np.ndarray:
    """Return the split of each document: whole ones in a random order until a split has its share of the characters."""
    splits = given.copy()
    open_places = np.flatnonzero((given == UNDECIDED) | (given == TRAINING))
    order = open_places[np.random.Generator(np.random.PCG64(settings.split_seed)).permutation(len(open_places))]
    splits[order] = TRAINING
    wanted = {
        split: share
        for split, share in ((VALIDATION, settings.validation), (TEST, settings.test))
        if share and not (given == split).any()
    }
    place, total = 0, sizes[open_places].sum()
    for number, (split, share) in enumerate(wanted.items(), start=1):
        taken = 0
        while place < len(order) - len(wanted) + number - 1 and (not taken or taken < share * total):
            if taken and taken + sizes[order[place]] / 2 > share * total:
                break
            splits[order[place]] = split
            taken += int(sizes[order[place]])
            place += 1
    return splits
