"""The order in which samples are seen: a pure function of seed and epoch, cut into batches."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

Share = tuple[int, int]  # which part of every batch, counted from 0, and how many parts there are
WHOLE: Share = (0, 1)
_RANKS = 6  # which of the chances of a run are those of single processes; others are numbered where they are drawn
_LARGE = 2_000_000  # samples from which on the memory that an order takes counts
Sizes = int | Sequence[int]  # of all batches, or of each


def portions(order: Tensor, batch_size: Sizes, share: Share = WHOLE) -> list[Tensor]:
    """Return the order (N,) cut into batches; a last sample alone joins the batch before it.

    Normalization over a batch means nothing for one sample, and torch refuses it. Batches of given sizes are as given.
    share: of each batch, only so much of it: its samples are shared among processes, in order and as equally as they
    can be, so that some may get none.
    """
    if not isinstance(batch_size, int):
        return list(order.split(list(batch_size)))
    places = list(order.split(batch_size))
    if len(places) > 1 and len(places[-1]) == 1 < batch_size:
        last = places.pop()
        places[-1] = torch.cat([places[-1], last])
    return places if share == WHOLE else [part.tensor_split(share[1])[share[0]] for part in places]


def batch_count(count: int, batch_size: int) -> int:
    """Return how many batches `portions` makes of `count` samples."""
    batches, rest = divmod(count, batch_size)
    return max(batches + (rest > 0) - (rest == 1 and batches > 0), 1)


def epoch_order(count: int, seed: int, epoch: int) -> Tensor:
    """Return the order (count,) of the samples in an epoch, counted from 0: a pure function of seed and epoch."""
    generator = torch.Generator().manual_seed(mixed(seed, epoch))
    kind = torch.int64 if count < _LARGE else torch.int32  # the numbers are the same, and indexing wants int64
    return torch.randperm(count, generator=generator, dtype=kind)


def by_length(order: Tensor, lengths: Tensor, batch_size: int, seed: int) -> Tensor:
    """Return the order (N,) so that batches hold samples of similar length: a pure function of all that is given.

    lengths: of the samples (N,). Among as many samples as 50 batches have, the longest come first; then the batches
    are put in random order, but for a last one that is not full.
    """
    together = [part[lengths[part].argsort(descending=True, stable=True)] for part in order.split(50 * batch_size)]
    batches = list(torch.cat(together).split(batch_size))
    rest = [batches.pop()] if len(batches[-1]) < batch_size else []
    mixture = torch.randperm(len(batches), generator=torch.Generator().manual_seed(seed)).tolist()
    return torch.cat([batches[place] for place in mixture] + rest)


def of_rank(rank: int) -> tuple[int, ...]:
    """Return what a seed is mixed with for all but the first of several processes: no other use of `mixed` has it."""
    return (_RANKS, rank) if rank else ()


def mixed(*numbers: int) -> int:
    """Return a seed in which every one of `numbers` counts, so that near seeds give unrelated streams."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


def judging_generator(device: torch.device, batch: int) -> torch.Generator:
    """Return the source of chance for this batch of a judgement: the same whenever it is judged."""
    return torch.Generator(device).manual_seed(mixed(0, batch))
