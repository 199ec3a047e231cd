"""How the next token is chosen among all that could follow."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from workbench.core.errors import UserError
from workbench.core.words import mark

MOST_TOKENS = 1_000_000
_RANGES = {
    "max_tokens": (1, MOST_TOKENS),
    "temperature": (0, 100),
    "top_k": (0, 10_000_000),
    "top_p": (0, 1),
    "repetition_penalty": (0.01, 100),
    "seed": (0, 2**63 - 1),
}


@dataclass(frozen=True)
class Sampling:
    """What is chosen about writing.

    temperature: below 1 the likeliest tokens gain, 0 always takes the likeliest. top_k: only so many of the likeliest
    are considered, 0 is all. top_p: only the likeliest that together have this probability (Holtzman et al. 2020).
    repetition_penalty: more than 1 makes less likely what has been written already (Keskar et al. 2019). stop: texts at
    which it ends; they are not written any more.
    """

    max_tokens: int = 200
    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises UserError for a value that means nothing."""
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if not (isinstance(value, int | float) and least <= value <= most) or (name == "top_p" and value == 0):
                raise UserError(
                    mark("{name} must lie between {least} and {most}, but is {given}."),
                    name=name,
                    least=f"{least:,}",
                    most=f"{most:,}",
                    given=str(value),
                )


def penalised(logits: np.ndarray, written: Iterable[int], penalty: float) -> np.ndarray:
    """Return logits (vocabulary,), those of tokens that were written brought down (Keskar et al. 2019, section 4.1)."""
    ids = sorted(set(written)) if penalty != 1 else []
    if not ids:
        return logits
    found = logits.copy()
    found[ids] = np.where(found[ids] > 0, found[ids] / penalty, found[ids] * penalty)
    return found


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities (vocabulary,) of logits (vocabulary,), of which -inf is never."""
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


def drawn(logits: np.ndarray, sampling: Sampling, chance: torch.Generator) -> int:
    """Return the id that is drawn: logits (vocabulary,) float64; one number of `chance` is used up.

    In numpy, which needs a tenth of torch's time for so few numbers.
    """
    number = float(torch.rand((), generator=chance, dtype=torch.float64))
    if sampling.temperature == 0:
        return int(logits.argmax())
    probabilities = softmax(logits / sampling.temperature)
    ids = np.argsort(-probabilities, kind="stable")
    kept = len(ids) if not sampling.top_k else min(sampling.top_k, len(ids))
    sums = probabilities[ids].cumsum()
    if sampling.top_p < 1:
        # the first whose predecessors have not reached the wanted share yet are kept, at least one
        kept = min(kept, 1 + int((sums[:-1] < sampling.top_p).sum()))
    place = int(np.searchsorted(sums[:kept], number * sums[kept - 1], side="right"))
    return int(ids[min(place, kept - 1)])
