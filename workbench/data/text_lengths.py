"""How long texts are, in words and in characters: what tells at which length few of them are cut off."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.data.text_preprocessing import words_of

_SAMPLE = 20_000  # texts that are cut into words; more would take seconds
_MOST_LETTERS = 20_000_000  # of them together
_FIGURES = 3  # that a length keeps: 12,345 counts as 12,400


def lengths_of(texts: Sequence[str]) -> dict[str, Any]:
    """Return {"word": {"lengths", "counts"}, "character": {…}}: the different lengths, rising, and how often each is.

    Long lengths are rounded up, and of very many texts evenly chosen ones are cut into words.
    """
    letters = np.fromiter(map(len, texts), np.int64, len(texts))
    few = max(1, len(texts) // _SAMPLE, int(letters.sum()) // _MOST_LETTERS)
    some = [len(words_of(text)) for text in texts[::few]]
    return {"word": _counted(np.array(some, np.int64)), "character": _counted(letters)}


def _counted(lengths: np.ndarray) -> dict[str, list[int]]:
    unit = 10 ** np.maximum(np.floor(np.log10(np.maximum(lengths, 1))).astype(np.int64) - _FIGURES + 1, 0)
    values, counts = np.unique(-(-lengths // unit) * unit, return_counts=True)
    return {"lengths": values.tolist(), "counts": counts.tolist()}
