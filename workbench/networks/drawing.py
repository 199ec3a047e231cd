"""The drawing of a network: its main blocks in a row, branches that work side by side as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.core.words import Words
from workbench.networks.outline import Row

DRAWN = ("conv", "pool", "linear", "embedding", "other")  # what bends, normalizes or reshapes stays out


@dataclass(frozen=True)
class Block:
    """One block: what it is, what stands under it, and its shape."""

    kind: str
    label: Words
    shape: tuple[int, ...]


def drawing(rows: Sequence[Row]) -> list[Block]:
    """Return the blocks of a network whose layers are `rows`."""
    came_from = {row.result: row.source for row in rows if row.result != row.source}
    drawn = [row for row in rows if row.kind in DRAWN]
    blocks: list[Block] = []
    place = 0
    while place < len(drawn):
        branches = _branches(drawn, place, came_from)
        blocks.extend(_merged(list(beside)) for beside in zip(*branches, strict=True))
        place += sum(len(branch) for branch in branches)
    return blocks


def _branches(drawn: Sequence[Row], place: int, came_from: Mapping[int, int]) -> list[Sequence[Row]]:
    """Return the like branches that begin at `place`, on one tensor; a layer that stands alone is one of length one."""
    starts = [n for n in range(place, len(drawn)) if drawn[n].source == drawn[place].source]
    length = starts[1] - place if len(starts) > 1 else 1
    branches = [drawn[start : start + length] for start in starts]
    kinds = [[row.kind for row in branch] for branch in branches]
    side_by_side = starts == list(range(place, place + length * len(starts), length))
    if (
        side_by_side
        and all(kind == kinds[0] for kind in kinds)
        and all(_chain(branch, came_from) for branch in branches)
    ):
        return branches
    return [drawn[place : place + 1]]


def _chain(branch: Sequence[Row], came_from: Mapping[int, int]) -> bool:
    """Return whether each layer of `branch` works on what the one before it gave, through layers that are not drawn."""
    for before, row in pairwise(branch):
        tensor = row.source
        while tensor != before.result and tensor in came_from:
            tensor = came_from[tensor]
        if tensor != before.result:
            return False
    return True


def _merged(beside: list[Row]) -> Block:
    """Return one block for layers that work side by side and whose channels are put together."""
    first = beside[0]
    if len(beside) == 1:
        return Block(first.kind, first.label, first.output)
    labels = list(dict.fromkeys(str(row.label) for row in beside))
    label = first.label if len(labels) == 1 else _listed([row.label for row in beside])
    channels = sum(row.output[0] for row in beside if row.output)
    return Block(first.kind, label, (channels, *first.output[1:]))


def _listed(labels: list[Words]) -> Words:
    """Return one label with the values of all: conv 3, 4, 5."""
    values = {name: ", ".join(str(label.values.get(name, "")) for label in labels) for name in labels[0].values}
    return Words(labels[0].template, values)
